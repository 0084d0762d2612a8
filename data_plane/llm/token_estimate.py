"""How many tokens a request to generate has, where its provider does not count.

Of OpenAI's models: the texts exactly, and what stands around them as OpenAI documents it. Of all others: bytes times
what a byte of the model's text is known to have.
Source: cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken (2026-11).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from data_plane.llm import bpe
from data_plane.llm.content import (
    Audio,
    Document,
    Image,
    Inline,
    Message,
    Opaque,
    Refusal,
    Source,
    Text,
    Thought,
    ToolCall,
    ToolResult,
)
from data_plane.llm.request import CustomTool, FunctionTool, GenerateRequest, Tool
from data_plane.llm.token_count import TokenCount
from data_plane.llm.token_ratio import TokenRatios
from data_plane.llm.tool_text import tool_text

PER_MESSAGE, PER_NAME, PER_REPLY = 3, 1, 3
PER_TOOLS = 12  # once, behind all of them
# Of pictures: one that is looked at in its low resolution, and one of 1024 x 1024 pixels in the high one.
LOW_IMAGE, HIGH_IMAGE = 85, 765
DOCUMENT_PAGE, PAGE_BYTES = 1_500, 50_000  # a page of a PDF, of which nobody knows how many there are
AUDIO_BYTES = 3_200  # a token is a tenth of a second, here of 16-bit sound at 16 kHz


@dataclass(slots=True)
class Countable:
    """What of a request has tokens: texts, and beside them a number. `is_whole`: the texts are all, but for framing."""

    texts: list[str] = field(default_factory=list)
    tokens: int = 0
    is_whole: bool = True

    def add_guess(self, tokens: int) -> None:
        self.tokens += tokens
        self.is_whole = False


def bytes_of(texts: Iterable[str]) -> int:
    return sum(len(text) if text.isascii() else len(text.encode(errors="replace")) for text in texts)


def countable(request: GenerateRequest) -> Countable:
    """All of a request that a model reads."""
    found = Countable(tokens=PER_REPLY)
    for message in request.messages:
        _add_message(found, message)
    for tool in request.tools:
        _add_tool(found, tool)
    if request.tools:
        found.add_guess(PER_TOOLS)
    if request.output is not None and request.output.schema is not None:
        found.texts.append(bytes(request.output.schema).decode(errors="replace"))
        found.is_whole = False
    return found


def count(model: str, request: GenerateRequest, ratios: TokenRatios) -> TokenCount:
    """All at once: 16 us a kilobyte of an OpenAI model's text, and once 50 ms to load its vocabulary."""
    found = countable(request)
    encoding = bpe.encoding_of(model)
    if encoding is None:
        return estimate(model, found, ratios)
    tokenizer = bpe.load(encoding)
    return exact(found, sum(bpe.count(tokenizer, text) for text in found.texts))


def estimate(model: str, found: Countable, ratios: TokenRatios) -> TokenCount:
    """By the size of the texts."""
    return TokenCount(found.tokens + ratios.estimate_input(model, bytes_of(found.texts)), is_estimate=True)


def exact(found: Countable, text_tokens: int) -> TokenCount:
    """With texts that have been cut into tokens. Tools and media are guessed even so."""
    return TokenCount(found.tokens + text_tokens, is_estimate=not found.is_whole)


def _add_message(found: Countable, message: Message) -> None:
    found.tokens += PER_MESSAGE
    found.texts.append(message.role.value)
    if message.name:
        found.tokens += PER_NAME
        found.texts.append(message.name)
    for part in message.parts:
        ADD[type(part)](found, part)


def _add_text(found: Countable, part: Text | Refusal) -> None:
    found.texts.append(part.text)


def _add_thought(found: Countable, part: Thought) -> None:
    """Some models read it again, others do not."""
    found.texts.append(part.text)
    found.is_whole = False


def _add_call(found: Countable, part: ToolCall) -> None:
    found.texts += (part.name, part.arguments)
    found.is_whole = False


def _add_result(found: Countable, part: ToolResult) -> None:
    for inner in part.content:
        ADD[type(inner)](found, inner)


def _add_image(found: Countable, part: Image) -> None:
    found.add_guess(LOW_IMAGE if part.detail == "low" else HIGH_IMAGE)


def _add_document(found: Countable, part: Document) -> None:
    found.add_guess(DOCUMENT_PAGE * max(1, -(-_size(part.source) // PAGE_BYTES)))


def _add_audio(found: Countable, part: Audio) -> None:
    found.add_guess(max(1, _size(part.source) // AUDIO_BYTES))


def _add_opaque(found: Countable, part: Opaque) -> None:
    found.texts.append(bytes(part.raw).decode(errors="replace"))
    found.is_whole = False


# Each takes the parts of its type.
ADD: Mapping[type, Callable[..., None]] = {
    Text: _add_text,
    Refusal: _add_text,
    Thought: _add_thought,
    ToolCall: _add_call,
    ToolResult: _add_result,
    Image: _add_image,
    Document: _add_document,
    Audio: _add_audio,
    Opaque: _add_opaque,
}


def _add_tool(found: Countable, tool: Tool) -> None:
    """As OpenAI writes tools into the prompt."""
    if isinstance(tool, FunctionTool):
        texts, tokens = tool_text(tool)
        found.texts += texts
        found.tokens += tokens
    elif isinstance(tool, CustomTool):
        found.texts += (tool.name, tool.description, msgspec.json.encode(tool.format).decode())
    else:
        found.texts.append(bytes(tool.raw).decode(errors="replace"))


def _size(source: Source) -> int:
    """Of the bytes, where they are in the request."""
    return len(source.data) * 3 // 4 if isinstance(source, Inline) else 0
