"""Items of OpenAI Responses that a model has written, read: they come in answers, and go back in requests.

Source: platform.openai.com/docs/api-reference/responses/object (2026-11). An answer is a list of items: messages with
parts of their own, thoughts, calls of tools; here all of them are parts, one after the other.
"""

import msgspec
from msgspec import Raw

from data_plane.codecs.foreign_state import unseal_call, unseal_thought
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.llm.content import Opaque, Part, Refusal, Text, Thought, ToolCall
from data_plane.llm.response import TokenLogprob

API = "openai-responses"
# Among the extras of a message's first part: what the message has beside its parts.
ITEM = "item"
CONTENT_WORDS = frozenset(("output_text", "input_text", "text", "refusal"))
CALLS = frozenset(("function_call", "custom_tool_call"))

_text = msgspec.json.Decoder(str).decode
_integers = msgspec.json.Decoder(list[int]).decode
_encode = msgspec.json.Encoder().encode


def decode_item(kind: str, reader: JsonReader, raw: Raw, parts: list[Part]) -> None:
    """Add what an item says. What is not known here is opaque, and passes.

    Raises:
        Unreadable: it is not as the API has it.
    """
    if kind == "message":
        _decode_message(reader, raw, parts)
    elif kind in CALLS:
        parts.append(decode_call(kind, reader))
    elif kind == "reasoning":
        _decode_reasoning(reader, parts)
    else:
        parts.append(Opaque(API, kind, raw))


def decode_call(kind: str, reader: JsonReader) -> ToolCall:
    """Its `id` is that of the item, and of no use to others; results go by `call_id`. No arguments at all are `{}`."""
    id, name = reader.required_text("call_id"), reader.required_text("name")
    is_custom = kind == "custom_tool_call"
    arguments = reader.text("input") if is_custom else reader.text("arguments") or "{}"
    reader.raw("type")
    return ToolCall(id, name, arguments, is_custom=is_custom, extras=reader.rest())


def is_string(raw: Raw) -> bool:
    """Without a copy: values may be megabytes."""
    return bytes(memoryview(raw)[:1]) == b'"'


def read_text(raw: Raw, path: str) -> str:
    """A string.

    Raises:
        Unreadable: it is none.
    """
    try:
        return _text(raw)
    except UNREADABLE:
        raise Unreadable(f"`{path}` must be a string") from None


def decode_logprobs(reader: JsonReader, name: str = "logprobs") -> list[TokenLogprob]:
    """Of a part, or of a piece of it."""
    return [_decode_logprob(each) for each in reader.objects(name)]


def _decode_message(reader: JsonReader, raw: Raw, parts: list[Part]) -> None:
    """A message with a part that nobody knows is opaque as a whole."""
    content = reader.raw("content")
    if content is None:
        raise Unreadable(f"`{reader.at('content')}` is required")
    where = reader.at("content")
    found: list[Part] = []
    if is_string(content):
        found.append(Text(read_text(content, where)))
    else:
        for each in JsonReader({"content": content}, reader.path).objects("content"):
            kind = each.required_text("type")
            if kind not in CONTENT_WORDS:
                parts.append(Opaque(API, "message", raw))
                return
            found.append(_decode_content(kind, each))
    reader.raw("type")
    reader.raw("role")
    if found:
        first = found[0]
        if isinstance(first, Text | Refusal):
            first.extras = {**first.extras, ITEM: Raw(_encode(reader.rest()))}
    parts += found


def _decode_content(kind: str, reader: JsonReader) -> Part:
    if kind == "refusal":
        refusal = reader.required_text("refusal")
        return Refusal(refusal, reader.rest())
    text = reader.required_text("text")
    citations = reader.array("annotations")
    extras = {name: raw for name, raw in reader.rest().items() if bytes(memoryview(raw)[:3]) != b"[]"}
    return Text(text, citations=Raw(_encode(citations)) if citations else None, extras=extras)


def _decode_reasoning(reader: JsonReader, parts: list[Part]) -> None:
    """One thought for each text of an item; the last has what is sealed."""
    id, sealed = reader.text("id"), reader.text("encrypted_content")
    summaries = [each.required_text("text") for each in reader.objects("summary")]
    texts = [each.required_text("text") for each in reader.objects("content")]
    reader.raw("type")
    call = unseal_call(sealed)
    if call is not None:
        _sign(parts, call[0], call[1])
        return
    foreign = unseal_thought(sealed, "".join(summaries) + "".join(texts))
    if foreign is not None:
        parts.append(foreign)
        return
    thoughts = [Thought(text, API, id=id, is_summary=True) for text in summaries]
    thoughts += [Thought(text, API, id=id) for text in texts]
    if not thoughts:
        thoughts.append(Thought("", API, id=id, is_summary=True))
    thoughts[-1].sealed = sealed
    thoughts[-1].extras = reader.rest()
    parts += thoughts


def _sign(parts: list[Part], id: str, signature: str) -> None:
    """State of a call that another API gave goes back to its call, out of the item that carried it."""
    for part in parts:
        if isinstance(part, ToolCall) and part.id == id:
            part.signature = signature


def _decode_logprob(reader: JsonReader) -> TokenLogprob:
    raw = reader.raw("bytes")
    try:
        utf8 = _integers(raw) if raw is not None else None
    except UNREADABLE:
        raise Unreadable(f"`{reader.at('bytes')}` must be an array of integers") from None
    top = [_decode_logprob(each) for each in reader.objects("top_logprobs")]
    return TokenLogprob(reader.text("token"), reader.number("logprob") or 0.0, utf8, top)
