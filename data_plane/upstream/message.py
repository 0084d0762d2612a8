"""What is sent upstream: a head, and a body with its framing."""

from enum import Enum

JOIN_BELOW_BYTES = 64 * 1024  # below, one buffer costs less than two


class BodyFraming(Enum):
    """How a request's body is sent."""

    WHOLE = "whole"  # with the head; nothing follows
    LENGTH = "length"
    CHUNKED = "chunked"
    SWITCH = "switch"  # there is none; the request offers another protocol, of which bytes may follow the answer


WHOLE, LENGTH, CHUNKED, SWITCH = BodyFraming  # by global name, which costs a tenth of a look-up in the class
# Head, and what there is of the body, framed. A short body that is whole stands with the head.
Message = tuple[bytes, bytes, BodyFraming]
NOTHING: Message = (b"", b"", WHOLE)
