"""Documents from JSON and YAML: plain data within bounds, or a sentence that says where it is wrong."""

import json
import math
from typing import Any

from control_plane.admission.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_DOCUMENTS, MAX_REQUEST_BYTES
from control_plane.admission.yaml_documents import load_yaml
from control_plane.errors import Malformed, TooLarge

Document = dict[str, Any]

JSON_TYPES = frozenset(("application/json", "application/merge-patch+json"))
YAML_TYPES = frozenset(("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"))


def parse_documents(data: bytes, content_type: str, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> list[Document]:
    """All documents of a request or file: one JSON object or a list of them, or YAML documents.

    Raises:
        Malformed: it is no JSON or YAML of this kind; the text says where.
        TooLarge: more than `max_bytes` a document, 4 MiB or 1,000 documents together.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise TooLarge(f"the documents have {len(data)} bytes together; at most {MAX_REQUEST_BYTES} are allowed")
    text = _text(data)
    loaded = load_yaml(text) if _is_yaml(content_type) else [_load_json(text)]
    found: list[Any] = []
    for value in loaded:
        found.extend(value if isinstance(value, list) else [value])
    documents = [value for value in found if value is not None]  # `---` with nothing after it
    if len(documents) > MAX_DOCUMENTS:
        raise TooLarge(f"{len(documents)} documents are too many; at most {MAX_DOCUMENTS} are allowed")
    if len(documents) == 1 and len(data) > max_bytes:
        raise TooLarge(f"the document has {len(data)} bytes; at most {max_bytes} are allowed")
    return [_checked(value, index) for index, value in enumerate(documents)]


def parse_object(data: bytes, content_type: str, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> Document:
    """The one document of a request.

    Raises:
        Malformed, TooLarge: as `parse_documents`.
    """
    documents = parse_documents(data, content_type, max_bytes=max_bytes)
    if len(documents) != 1:
        raise Malformed(f"exactly one document is expected, not {len(documents)}")
    return documents[0]


def dump_document(document: Document) -> bytes:
    """JSON bytes of a document, within the bounds.

    Raises:
        Malformed: it holds what JSON cannot, or is nested too deeply.
        TooLarge: it has more than 1 MiB.
    """
    _check_depth(document)
    try:
        data = json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError) as error:  # also a lone surrogate, which UTF-8 cannot hold
        raise Malformed("the document holds a value that JSON cannot have") from error
    if len(data) > MAX_DOCUMENT_BYTES:
        raise TooLarge(f"the document has {len(data)} bytes; at most {MAX_DOCUMENT_BYTES} are allowed")
    return data


def _is_yaml(content_type: str) -> bool:
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES | YAML_TYPES:
        raise Malformed(f"'{media_type}' is not read; send 'application/json' or 'application/yaml'")
    return media_type in YAML_TYPES


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed(f"byte {error.start} is not UTF-8") from error


def _checked(value: object, index: int) -> Document:
    if not isinstance(value, dict):
        raise Malformed(f"document {index + 1} must be an object with `apiVersion`, `kind`, `metadata` and `spec`")
    dump_document(value)
    return value


def _load_json(text: str) -> object:
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_float=_float)
    except RecursionError as error:
        raise Malformed(_TOO_DEEP) from error
    except json.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except ValueError as error:  # an integer of more digits than Python converts
        raise Malformed("not JSON: a number has too many digits") from error
    _check_depth(value)
    return value


def _object(pairs: list[tuple[str, object]]) -> Document:
    found: Document = {}
    for key, value in pairs:
        if key in found:
            raise Malformed(f"the key '{key}' is there twice in one object")
        found[key] = value
    return found


def _constant(name: str) -> object:
    raise Malformed(f"'{name}' is not a number that JSON knows")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise Malformed(f"the number {digits[:32]} is too large")
    return value


_TOO_DEEP = f"the document is nested more than {MAX_DEPTH} levels deep"


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for each in level
            if isinstance(each, dict | list)
            for child in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise Malformed(_TOO_DEEP)
