"""Resources from canonical bytes."""

from datetime import datetime
from math import inf
from typing import Literal

import msgspec
from pydantic import ValidationError

from config_schemas.registry import KINDS
from data_plane.config.rejection import Rejected
from data_plane.config.structs import STRUCTS, Resource
from data_plane.identity.credential_table import ESCAPED_SEPARATOR, Credential

CREDENTIAL = "Credential"
CREDENTIAL_MARK = f"/{CREDENTIAL}/"
HASH_SCHEME = "sha256"
DIGEST_BYTES = 32


class _Metadata(msgspec.Struct, gc=False):
    name: str
    tenant: str
    labels: dict[str, str] = {}


class _Reference(msgspec.Struct, gc=False):
    name: str
    tenant: str | None = None


class _CredentialSpec(msgspec.Struct, gc=False, rename="camel"):
    application_ref: _Reference
    hash: str
    type: Literal["ApiKey"] = "ApiKey"
    state: Literal["Active", "Revoked"] = "Active"
    expires_at: str | None = None


class _Credential(msgspec.Struct, gc=False, rename="camel"):
    """A Credential without the patterns of its names, which cost as much again as all else: the path has them."""

    api_version: Literal["isthmus.dev/v1"]
    kind: Literal["Credential"]
    metadata: _Metadata
    spec: _CredentialSpec


_decode_credential = msgspec.json.Decoder(_Credential).decode
_decoders = {kind: msgspec.json.Decoder(struct) for kind, struct in STRUCTS.items()}


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


def decode_credential(path: str, content: bytes) -> tuple[bytes, Credential] | None:
    """Digest and row of the credential at a path; None if it is revoked.

    Raises:
        Rejected: it is none.
    """
    try:
        document = _decode_credential(content)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Rejected(str(error)) from None
    metadata, spec = document.metadata, document.spec
    tenant, reference = metadata.tenant, spec.application_ref
    if f"{tenant}{CREDENTIAL_MARK}{metadata.name}" != path:
        raise Rejected(f"`metadata` names another resource than '{path}'")
    if reference.tenant is not None and reference.tenant != tenant:
        raise Rejected("`spec.applicationRef.tenant` must be the credential's own")
    if ESCAPED_SEPARATOR in content:
        raise Rejected("no name or label may have a zero character")
    digest = _digest(spec.hash)
    if spec.state == "Revoked":
        return None
    expires = inf if spec.expires_at is None else seconds_of(spec.expires_at)
    labels = tuple(sorted(metadata.labels.items())) if metadata.labels else ()
    return digest, Credential(tenant, metadata.name, reference.name, expires, labels)


def _digest(text: str) -> bytes:
    scheme, _, digits = text.partition(":")
    try:
        digest = bytes.fromhex(digits)
    except ValueError:
        digest = b""
    if scheme != HASH_SCHEME or len(digest) != DIGEST_BYTES:
        raise Rejected(f"`spec.hash` must be `{HASH_SCHEME}:` and {2 * DIGEST_BYTES} hexadecimal digits")
    return digest


def seconds_of(timestamp: str) -> float:
    """Since 1970.

    Raises:
        Rejected: it is no date.
    """
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        raise Rejected(f"'{timestamp}' is no date") from None
