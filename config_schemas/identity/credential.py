"""Credential: what proves an application."""

from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints

from config_schemas.base import Model, Reference, Resource, Text, Timestamp


class CredentialSpec(Model):
    """An API key, of which only the digest is known. Revoked or expired ones are refused everywhere.

    `hash` is `<scheme>:<hex>`; `sha256` is the SHA-256 of the whole key.
    """

    application_ref: Reference
    type: Literal["ApiKey"] = "ApiKey"
    hash: Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
    state: Literal["Active", "Revoked"] = "Active"
    expires_at: Timestamp | None = None
    description: Text = ""


class Credential(Resource):
    """What proves an application."""

    KIND: ClassVar[str] = "Credential"
    PLURAL: ClassVar[str] = "credentials"

    kind: Literal["Credential"] = "Credential"
    spec: CredentialSpec
