"""A Secret's document in its three forms: plain in a write, sealed in the store, fingerprints in an answer."""

from collections.abc import Callable, Mapping
from typing import Any

from control_plane.errors import FieldError
from control_plane.secrets.sealer import FINGERPRINT_PREFIX, SEALED_PREFIX, Sealer, SealError

Document = dict[str, Any]

UNREADABLE = f"{FINGERPRINT_PREFIX}unreadable"  # shown where a value does not open


def seal_document(
    sealer: Sealer, path: str, document: Document, stored: Document | None
) -> tuple[Document, list[FieldError]]:
    """The written document, sealed. A value that is the stored one, or its fingerprint, stays as it is."""
    kept = _data(stored) if stored else {}
    data, errors = {}, []
    for key, value in _data(document).items():
        current = kept.get(key)
        if value.startswith(SEALED_PREFIX):
            errors.append(_error(key, f"must not begin with '{SEALED_PREFIX}': write the plain value"))
        elif current is not None and _is_the_same(sealer, (path, key, current), value):
            data[key] = current
        elif value.startswith(FINGERPRINT_PREFIX):
            errors.append(_error(key, "is the fingerprint of a value that is not stored here: write the plain value"))
        else:
            data[key] = sealer.seal(path, key, value)
    return _with_data(document, data), errors


def show_document(sealer: Sealer, path: str, document: Document) -> Document:
    """The stored document with fingerprints for its values."""

    def shown(key: str, sealed: str) -> str:
        try:
            return sealer.fingerprint(path, key, sealed)
        except SealError:
            return UNREADABLE

    return _mapped(document, shown)


def open_document(sealer: Sealer, path: str, document: Document) -> Document:
    """The stored document with its plain values.

    Raises:
        SealError: a value does not open.
    """
    return _mapped(document, lambda key, sealed: sealer.open(path, key, sealed))


def reseal_document(sealer: Sealer, path: str, document: Document) -> Document:
    """The stored document with its values sealed under the first key.

    Raises:
        SealError: a value does not open.
    """
    return _mapped(document, lambda key, sealed: sealer.seal(path, key, sealer.open(path, key, sealed)))


def _is_the_same(sealer: Sealer, place: tuple[str, str, str], value: str) -> bool:
    try:
        return value in (sealer.fingerprint(*place), sealer.open(*place)) and value != UNREADABLE
    except SealError:
        return False


def _data(document: Mapping[str, Any]) -> dict[str, str]:
    data = document.get("spec", {}).get("data", {})
    return {key: str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def _with_data(document: Document, data: Mapping[str, str]) -> Document:
    return {**document, "spec": {**document["spec"], "data": dict(data)}}


def _mapped(document: Document, change: Callable[[str, str], str]) -> Document:
    return _with_data(document, {key: change(key, value) for key, value in _data(document).items()})


def _error(key: str, message: str) -> FieldError:
    return FieldError(f"spec.data.{key}", message)
