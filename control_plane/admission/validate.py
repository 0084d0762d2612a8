"""From a document to a resource: identity, defaults, the schema, and all errors in plain words at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from config_schemas.base import API_VERSION, PLATFORM_TENANT, Resource
from config_schemas.canonical import default_tenant
from config_schemas.conversion.upgrade import UnknownVersion, upgrade
from config_schemas.policies.validation import ValidationPolicy
from config_schemas.registry import KINDS
from control_plane.admission.certificates import certificate_errors
from control_plane.admission.decode import Document, dump_document, parse_object
from control_plane.admission.schemas import read_texts, schema_errors
from control_plane.admission.wording import field_errors
from control_plane.errors import FieldError, Invalid

FIELDS = ("apiVersion", "kind", "metadata", "spec")
READ_ONLY_FIELDS = frozenset(("status",))  # answers have it; writing an answer back must work
READ_ONLY_METADATA = frozenset(("generation", "createdAt", "revision"))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the request's address says of a document. What the document says must be the same; None: not said."""

    kind: str | None = None
    tenant: str | None = None
    name: str | None = None


def parse_document(data: bytes | Document, *, defaults: Defaults = Defaults()) -> Resource:
    """The valid resource of a document.

    What only the control plane sets (generation, creation time, revision, status) is left out.

    Raises:
        Invalid: `field_errors` has all that is wrong.
        Malformed, TooLarge: it cannot be read.
    """
    document = parse_object(data, "application/json") if isinstance(data, bytes) else data
    document = _upgraded({key: value for key, value in document.items() if key not in READ_ONLY_FIELDS}, defaults)
    kind = _kind(document, defaults)
    metadata = document.get("metadata", {})
    errors = []
    if isinstance(metadata, Mapping):
        metadata = {key: value for key, value in metadata.items() if key not in READ_ONLY_METADATA}
        errors = _take_address(metadata, kind, defaults)
    complete = {**document, "apiVersion": API_VERSION, "kind": kind.KIND, "metadata": metadata}
    if kind is ValidationPolicy and "spec" in complete:
        complete["spec"] = read_texts(complete["spec"])
    try:
        resource = kind.model_validate_json(dump_document(complete), by_alias=True, by_name=False)
        errors += certificate_errors(resource) + schema_errors(resource)
    except ValidationError as error:
        errors += field_errors(kind, error)
    if errors:
        raise _invalid(kind.KIND, metadata, errors)
    return resource


def _upgraded(document: Document, defaults: Defaults) -> Document:
    if defaults.kind is not None and "apiVersion" not in document:
        return document
    try:
        return upgrade(document)
    except UnknownVersion as error:
        raise Invalid(f"`apiVersion` {error}", [FieldError("apiVersion", str(error))]) from error


def _kind(document: Document, defaults: Defaults) -> type[Resource]:
    name = document.get("kind", defaults.kind)
    if defaults.kind is not None and name != defaults.kind:
        raise Invalid(
            f"`kind` must be '{defaults.kind}' here", [FieldError("kind", f"must be '{defaults.kind}' at this address")]
        )
    if not isinstance(name, str) or name not in KINDS:
        message = f"must be one of {', '.join(repr(kind) for kind in KINDS)}"
        raise Invalid(f"`kind` {message}", [FieldError("kind", message)])
    return KINDS[name]


def _take_address(metadata: dict[str, Any], kind: type[Resource], defaults: Defaults) -> list[FieldError]:
    """Fill in what the address or the kind says, and say where the document says otherwise."""
    errors = []
    for field, value in (("tenant", defaults.tenant), ("name", defaults.name)):
        if value is not None and metadata.setdefault(field, value) != value:
            errors.append(FieldError(f"metadata.{field}", f"must be '{value}' at this address"))
    tenant = metadata.setdefault("tenant", default_tenant(kind))
    if kind.SCOPE == "Platform" and tenant != PLATFORM_TENANT:
        errors.append(FieldError("metadata.tenant", f"must be '{PLATFORM_TENANT}' for a {kind.KIND}"))
    if kind.KIND == "Tenant" and metadata.get("name") == PLATFORM_TENANT:
        errors.append(FieldError("metadata.name", f"must not be '{PLATFORM_TENANT}', which is always there"))
    return errors


def _invalid(kind: str, metadata: object, errors: list[FieldError]) -> Invalid:
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    what = f"{kind} '{name}'" if isinstance(name, str) else kind
    first = f"`{errors[0].path}` {errors[0].message}" if errors[0].path else errors[0].message
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Invalid(f"{what}: {first}{more}", errors)
