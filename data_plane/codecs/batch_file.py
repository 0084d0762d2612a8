"""Files of requests for a batch: JSON lines. Source: platform.openai.com/docs/guides/batch (2026-11)."""

from collections.abc import Callable

import msgspec
from msgspec import Raw

from data_plane.codecs.json_fields import decode_fields, text_field
from data_plane.errors import BadRequest

MAX_LINES = 50_000  # the API's own limit

_encode = msgspec.json.Encoder().encode


def reworded(content: bytes, name_of: Callable[[str], str]) -> bytes:
    """The file with other names for the models that it asks; all else of a line stays as it is.

    Raises:
        BadRequest: it is no such file; the text says in which line.
        GatewayError: `name_of` has no name.
    """
    lines = content.split(b"\n")
    if len(lines) > MAX_LINES + 1:
        raise BadRequest(f"a file for a batch has at most {MAX_LINES} lines")
    return b"\n".join([_reworded(line, number, name_of) for number, line in enumerate(lines, 1)])


def _reworded(line: bytes, number: int, name_of: Callable[[str], str]) -> bytes:
    if not line.strip():
        return line
    try:
        fields = decode_fields(line)
        body = decode_fields(bytes(fields["body"]))
        model = text_field(body, "model")
    except KeyError:
        raise BadRequest(f"line {number} of the file has no `body`") from None
    except BadRequest as error:
        raise BadRequest(f"line {number} of the file: {error.message}") from None
    if not model:
        raise BadRequest(f"line {number} of the file has no `body.model`")
    body["model"] = Raw(_encode(name_of(model)))
    return _encode(fields | {"body": Raw(_encode(body))})
