"""A whole JSON body, decoded so strictly that every reader who takes it reads the same. Source: RFC 8259."""

import jiter

from data_plane.errors import BadRequest, BodyTooLarge
from data_plane.exchange import UNDECODED, Exchange

MAX_DEPTH = 201  # arrays and objects in each other; the decoder's own bound
MAX_VALUES = 250_000  # each takes up to a microsecond: what a million tokens of prose have, with room to spare
MAX_MESSAGE_CHARACTERS = 200


def count_values(body: bytes) -> int:
    """At least as many as a body has: commas and opening brackets, of which those in text count too."""
    return body.count(b",") + body.count(b"[") + body.count(b"{") + 1


def decode_document(body: bytes) -> object:
    """The value of a body: UTF-8, and no name twice in one object, at any level.

    A number beyond a 64-bit float is infinite here; its text is in the body.

    Raises:
        BodyTooLarge: it may have more than 250,000 values.
        BadRequest: it has two readings, or none.
    """
    if count_values(body) > MAX_VALUES:
        raise BodyTooLarge(f"the body may have no more than {MAX_VALUES} values")
    try:
        value: object = jiter.from_json(body, allow_inf_nan=False, cache_mode="none", catch_duplicate_keys=True)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON that has one reading: {error}"[:MAX_MESSAGE_CHARACTERS]) from None
    return value


def document_of(exchange: Exchange) -> object:
    """The whole body of an exchange, decoded once for all who read it.

    Raises:
        BadRequest, BodyTooLarge: as `decode_document`.
    """
    if exchange.document is UNDECODED:
        exchange.document = decode_document(exchange.request.body)
    return exchange.document
