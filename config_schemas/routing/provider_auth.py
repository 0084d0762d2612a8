"""How the gateway proves itself to a provider."""

from typing import Literal

from config_schemas.base import HeaderName, Model, SecretReference


class ProviderAuth(Model):
    """The credential for the provider. `ApiKey` is sent the way its API wants, or in `header` if given."""

    type: Literal["ApiKey", "None"] = "ApiKey"
    secret_ref: SecretReference | None = None
    header: HeaderName | None = None
