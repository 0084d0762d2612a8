"""One event of Anthropic's streams, as far as it is read. A module of its own, since structs cannot be compiled."""

from msgspec import Raw, Struct

UNSAID = Raw(b"null")


class EventDelta(Struct, gc=False):
    """What is new of a block, or of the message."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    partial_json: str | None = None
    signature: str | None = None
    citation: Raw = UNSAID
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: Raw = UNSAID
    container: Raw = UNSAID


class StreamEvent(Struct, gc=False):
    """Which fields are there depends on the type."""

    type: str
    index: int | None = None
    delta: EventDelta | None = None
    content_block: Raw = UNSAID
    message: Raw = UNSAID
    usage: Raw = UNSAID
