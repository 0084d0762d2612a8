"""Provider: who hosts models."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from config_schemas.base import HeaderName, Model, Resource, SecretReference, Text
from config_schemas.routing.endpoint import UpstreamTls


class ProviderAuth(Model):
    """The credential for the provider. `ApiKey` is sent the way its API wants, or in `header` if given."""

    type: Literal["ApiKey", "None"] = "ApiKey"
    secret_ref: SecretReference | None = None
    header: HeaderName | None = None


class ProviderSpec(Model):
    """Where a provider's API is and how to prove oneself there.

    `baseUrl` has the meaning that the provider's SDK gives it; empty is the provider's public address. It is required
    for `OpenAICompatible`.
    """

    type: Literal["OpenAI", "Anthropic", "Gemini", "OpenAICompatible"]
    base_url: Annotated[str, StringConstraints(pattern=r'^(https?://[!-"$->A-~]+)?$', max_length=1024)] = ""
    auth: ProviderAuth = ProviderAuth()
    tls: UpstreamTls | None = None
    description: Text = ""


class Provider(Resource):
    """Who hosts models. In the tenant `platform` it may be used by every tenant."""

    KIND: ClassVar[str] = "Provider"
    PLURAL: ClassVar[str] = "providers"

    kind: Literal["Provider"] = "Provider"
    spec: ProviderSpec
