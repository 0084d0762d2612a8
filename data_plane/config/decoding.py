"""Resources from canonical bytes."""

from datetime import datetime

import msgspec
from pydantic import ValidationError

from config_schemas.registry import KINDS
from data_plane.config.rejection import Rejected
from data_plane.config.structs import STRUCTS, Credential, Resource
from data_plane.identity.credential_table import Credential as CredentialRow

CREDENTIAL = "Credential"
_decoders = {kind: msgspec.json.Decoder(struct) for kind, struct in STRUCTS.items()}
_decode_credential = msgspec.json.Decoder(Credential).decode


def kind_of(path: str) -> str:
    """Of `<tenant>/<Kind>/<name>`."""
    return path.split("/", 2)[1]


def decode_resource(path: str, content: bytes) -> Resource:
    """The resource at a path.

    Unknown fields are ignored; all else must be as admission would have it: bytes may come from anywhere.

    Raises:
        Rejected: it is none, or not the one that the path names.
    """
    kind = kind_of(path)
    decoder = _decoders.get(kind)
    if decoder is None:
        raise Rejected(f"kind '{kind}' is not known to this replica")
    try:
        resource = decoder.decode(content)
        KINDS[kind].model_validate_json(content, extra="ignore")  # the rules that relate fields to each other
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise Rejected(f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}") from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Rejected(str(error)) from None
    if f"{resource.metadata.tenant}/{kind}/{resource.metadata.name}" != path:
        raise Rejected(f"`metadata` names another resource than '{path}'")
    return resource


def decode_credential(path: str, content: bytes) -> tuple[bytes, CredentialRow] | None:
    """Digest and row of the credential at a path; None if it is revoked.

    Without pydantic, which would cost thirty times as much: no rule of a Credential relates two fields.

    Raises:
        Rejected: it is none.
    """
    try:
        resource = _decode_credential(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Rejected(str(error)) from None
    metadata, spec = resource.metadata, resource.spec
    if f"{metadata.tenant}/{CREDENTIAL}/{metadata.name}" != path:
        raise Rejected(f"`metadata` names another resource than '{path}'")
    if spec.application_ref.tenant not in (None, metadata.tenant):
        raise Rejected("`spec.applicationRef.tenant` must be the credential's own")
    if spec.state == "Revoked":
        return None
    row = CredentialRow(metadata.tenant, metadata.name, spec.application_ref.name)
    if spec.expires_at is not None or metadata.labels:
        expires = row.expires if spec.expires_at is None else seconds_of(spec.expires_at)
        row = CredentialRow(row.tenant, row.name, row.application, expires, tuple(sorted(metadata.labels.items())))
    return bytes.fromhex(spec.hash.partition(":")[2]), row


def seconds_of(timestamp: str) -> float:
    """Since 1970.

    Raises:
        Rejected: it is no date.
    """
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        raise Rejected(f"'{timestamp}' is no date") from None
