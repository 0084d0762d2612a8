"""Bodies as validation reads them: inflated, decoded, within bounds."""

from config_schemas.contracts.openapi import is_json_type
from data_plane.codecs.inflate import IDENTITY, InflateError, Inflater, InflatesTooFar, NotInflatable, UnknownCoding
from data_plane.codecs.json_document import count_values, decode_document
from data_plane.errors import BadRequest, BodyTooLarge, UnsupportedContent
from data_plane.exchange import Exchange
from data_plane.validation.checker import Checker, Violation

CODING = b"content-encoding"
READ_CODINGS = b"gzip, deflate, zstd"


class Unvalidated(Exception):
    """A body is beyond the bounds, or in a coding that is not read here. The text says which."""


def media_type(header: bytes | None) -> str:
    """Of a `content-type`, in lower case and without parameters."""
    return header.partition(b";")[0].strip().lower().decode("latin-1") if header else ""


def is_json(kind: str) -> bool:
    """Whether a concrete media type is JSON."""
    return is_json_type(kind) and "*" not in kind


def inflate_request(exchange: Exchange, max_bytes: int) -> None:
    """Take the content coding off the body; it goes upstream without.

    Raises:
        BodyTooLarge: it would be larger. BadRequest: it is damaged. UnsupportedContent: nobody here reads the coding.
    """
    request = exchange.request
    coding = request.headers.get(CODING)
    if coding is None or CODING in exchange.removed_headers or coding.strip().lower() == IDENTITY:
        return
    try:
        request.body = inflated(coding, request.body, max_bytes)
    except UnknownCoding as error:
        raise UnsupportedContent(str(error), headers=((b"accept-encoding", READ_CODINGS),)) from None
    except InflatesTooFar as error:
        raise BodyTooLarge(str(error)) from None
    except NotInflatable as error:
        raise BadRequest(str(error)) from None
    exchange.removed_headers += (CODING,)


def inflated(coding: bytes, body: bytes, max_bytes: int) -> bytes:
    """Raises InflateError."""
    inflater = Inflater(coding, max_bytes)
    return inflater.feed(body) + inflater.close()


def check_size(body: bytes, max_bytes: int) -> None:
    """Raises Unvalidated: it is larger."""
    if len(body) > max_bytes:
        raise Unvalidated(f"a body that is validated must have at most {max_bytes} bytes")


def check_values(body: bytes, checker: Checker) -> int:
    """How many values a body has, at most.

    Raises:
        Unvalidated: more than the checker can judge in time.
    """
    values = count_values(body)
    if values > checker.max_values:
        raise Unvalidated(f"a body that is validated must have at most {checker.max_values} values here")
    return values


def judge_response(checker: Checker, body: bytes | None, coding: bytes | None, max_bytes: int) -> list[Violation]:
    """What of a JSON body does not fit. None: the body is too large.

    Raises:
        Unvalidated: it is beyond the bounds.
    """
    if body is None:
        raise Unvalidated(f"the body has more than {max_bytes} bytes")
    try:
        if coding is not None and coding.strip().lower() != IDENTITY:
            body = inflated(coding, body, max_bytes)
        check_size(body, max_bytes)
        values = check_values(body, checker)
        return checker.violations(decode_document(body), values)
    except (UnknownCoding, InflatesTooFar) as error:
        raise Unvalidated(str(error)) from None
    except InflateError as error:
        return [Violation(str(error))]
    except BadRequest as error:
        return [Violation(error.message)]
