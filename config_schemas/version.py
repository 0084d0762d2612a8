"""The version of the resource schemas, and what each version added: for replicas older than the control plane."""

import json
from collections.abc import Mapping
from typing import Any

SCHEMA_VERSION = 2

# What came after version 1: a kind (`CachePolicy`) or a field of one (`Route.spec.rules.mirror`; lists are walked
# through), with the version that brought it.
SINCE: Mapping[str, int] = {
    "AddressPolicy": 2,
    "CorsPolicy": 2,
    "Gateway.spec.clientAddress": 2,
    "Gateway.spec.perAddress": 2,
    "Gateway.spec.tls": 2,
    "HeaderPolicy.spec.request.add": 2,
    "HeaderPolicy.spec.response.add": 2,
    "Provider.spec.tls.clientCertificateRef": 2,
    "Route.spec.onRevocation": 2,
    "Route.spec.redirect": 2,
    "Route.spec.respond": 2,
    "Route.spec.rewrite": 2,
    "Route.spec.upgrades": 2,
    "Service.spec.tls.clientCertificateRef": 2,
    "Service.spec.versioning": 2,
    "Service.spec.versions": 2,
    "ValidationPolicy": 2,
}


def newer_names(kind: str, schema_version: int, since: Mapping[str, int] = SINCE) -> tuple[str, ...]:
    """What of `kind` a reader of `schema_version` does not know: the kind itself, or fields of it."""
    return tuple(name for name, added in since.items() if name.partition(".")[0] == kind and added > schema_version)


def document_version(document: Mapping[str, Any], since: Mapping[str, int] = SINCE) -> int:
    """The oldest version whose readers understand the whole document."""
    return max((since[name] for name in uses(document, 1, since)), default=1)


def uses(document: Mapping[str, Any], schema_version: int, since: Mapping[str, int] = SINCE) -> tuple[str, ...]:
    """What a document has that a reader of `schema_version` does not know: its kind, or fields."""
    return tuple(
        name
        for name in newer_names(str(document.get("kind")), schema_version, since)
        if "." not in name or _has(document, name.split(".")[1:])
    )


def restrict(kind: str, payload: bytes, schema_version: int, since: Mapping[str, int] = SINCE) -> bytes | None:
    """The canonical payload without what a reader of `schema_version` cannot know; None: without all of it."""
    names = newer_names(kind, schema_version, since)
    if not names:
        return payload
    if kind in names:
        return None
    try:
        document = json.loads(payload)
    except ValueError:
        return payload  # the reader refuses it
    for name in names:
        _remove(document, name.split(".")[1:])
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _has(value: object, field: list[str]) -> bool:
    if not field:
        return True
    if isinstance(value, list):
        return any(_has(item, field) for item in value)
    return isinstance(value, Mapping) and field[0] in value and _has(value[field[0]], field[1:])


def _remove(value: object, field: list[str]) -> None:
    if isinstance(value, list):
        for item in value:
            _remove(item, field)
    elif isinstance(value, dict) and field[0] in value:
        if len(field) == 1:
            del value[field[0]]
        else:
            _remove(value[field[0]], field[1:])
