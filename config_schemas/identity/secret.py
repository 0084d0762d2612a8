"""Secret: values that only the control plane may read."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from config_schemas.base import Model, Resource, Text

SecretKey = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]+$", min_length=1, max_length=128)]
SecretValue = Annotated[str, StringConstraints(min_length=1, max_length=65536)]


class SecretSpec(Model):
    """Values by key: plain in a write, `sealed:...` in the store, a fingerprint in an answer.

    Writing a fingerprint back keeps the value that it stands for.
    """

    data: Annotated[dict[SecretKey, SecretValue], Field(min_length=1, max_length=32, repr=False)]
    description: Text = ""


class Secret(Resource):
    """Values that are encrypted before they reach the store."""

    KIND: ClassVar[str] = "Secret"
    PLURAL: ClassVar[str] = "secrets"

    kind: Literal["Secret"] = "Secret"
    spec: SecretSpec
