"""Events and usage of Cohere's chat, as far as they are read. A module of its own: structs cannot be compiled."""

from msgspec import Raw, Struct

UNSAID = Raw(b"null")  # a union of raw and None would not be read


class Tokens(Struct, gc=False):
    """Counts are floating-point numbers here."""

    input_tokens: float | None = None
    output_tokens: float | None = None


class ChatUsage(Struct, gc=False):
    """`billed_units` leave out what the provider itself has put into the prompt."""

    billed_units: Tokens | None = None
    tokens: Tokens | None = None
    cached_tokens: float | None = None


class Content(Struct, gc=False):
    """Of a start or a delta. One of the texts."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None


class Function(Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class Call(Struct, gc=False):
    """Of a start, whole but for its arguments, or of a delta."""

    id: str | None = None
    function: Function | None = None


class Message(Struct, gc=False):
    """`content` and `tool_calls` are objects in deltas, and empty arrays in the first event."""

    content: Content | list[Raw] | None = None
    tool_calls: Call | list[Raw] | None = None
    tool_plan: str | None = None
    citations: Raw = UNSAID


class EventDelta(Struct, gc=False):
    """The last three fields are of the last event."""

    message: Message | None = None
    finish_reason: str | None = None
    usage: ChatUsage | None = None
    error: str | None = None


class Logprobs(Struct, gc=False):
    """Of a piece of text, which may have several tokens."""

    text: str | None = None
    logprobs: list[float] | None = None


class ChatEvent(Struct, gc=False):
    """`message`: of an error alone."""

    type: str = ""
    id: str | None = None
    index: int | None = None
    delta: EventDelta | None = None
    logprobs: Logprobs | None = None
    message: str | None = None
