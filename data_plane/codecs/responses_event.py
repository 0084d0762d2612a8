"""What is read of an event of OpenAI Responses' streams. A module of its own, since structs cannot be compiled.

Source: platform.openai.com/docs/api-reference/responses-streaming (2026-11). Fields of the same name are of different
kinds in different events, so that values stay unread until an event is known; empty where there is none.
"""

import msgspec
from msgspec import Raw

NOTHING = Raw()


class StreamEvent(msgspec.Struct, gc=False):
    """One event."""

    type: str = ""
    output_index: int | None = None
    content_index: int | None = None
    summary_index: int | None = None
    item_id: Raw = NOTHING
    item: Raw = NOTHING
    part: Raw = NOTHING
    delta: Raw = NOTHING
    text: Raw = NOTHING
    refusal: Raw = NOTHING
    arguments: Raw = NOTHING
    input: Raw = NOTHING
    logprobs: Raw = NOTHING
    annotation: Raw = NOTHING
    response: Raw = NOTHING
    error: Raw = NOTHING
    code: Raw = NOTHING
    message: Raw = NOTHING
