"""Events and usage of Bedrock's Converse, as far as they are read. A module of its own: structs cannot be compiled."""

from typing import Annotated

from msgspec import Meta, Raw, Struct

UNSAID = Raw(b"null")  # a union of raw and None would not be read
Count = Annotated[int, Meta(ge=0)]


class CacheDetail(Struct, gc=False, rename="camel"):
    """Tokens written to the cache, by how long they stay."""

    ttl: str | None = None
    input_tokens: Count | None = None


class TokenUsage(Struct, gc=False, rename="camel"):
    """Input tokens exclude what the cache gave or took."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_write_input_tokens: Count | None = None
    cache_details: list[CacheDetail] | None = None


class ToolUse(Struct, gc=False, rename="camel"):
    """Of a start, or of a delta."""

    tool_use_id: str | None = None
    name: str | None = None
    type: str | None = None
    input: str | None = None


class ReasoningDelta(Struct, gc=False, rename="camel"):
    """One of these."""

    text: str | None = None
    signature: str | None = None
    redacted_content: str | None = None


class BlockDelta(Struct, gc=False, rename="camel"):
    """One of these, or what no client's API has a word for."""

    text: str | None = None
    tool_use: ToolUse | None = None
    reasoning_content: ReasoningDelta | None = None
    citation: Raw = UNSAID


class BlockStart(Struct, gc=False, rename="camel"):
    """Blocks of text and of thought have none."""

    tool_use: ToolUse | None = None


class StreamEvent(Struct, gc=False, rename="camel"):
    """Which fields are there depends on the type, which is a header."""

    content_block_index: int | None = None
    start: BlockStart | None = None
    delta: BlockDelta | None = None
    stop_reason: str | None = None
    additional_model_response_fields: Raw = UNSAID
    usage: TokenUsage | None = None
