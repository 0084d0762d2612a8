"""State of thoughts and calls that OpenAI Chat Completions has no field for, where other servers of this API put it.

Its SDKs keep fields that they do not know, and clients send messages back as they came. Sources: openrouter.ai/docs,
"Reasoning tokens" (`reasoning_details`); ai.google.dev/gemini-api/docs/openai (`extra_content`).
"""

from collections.abc import Iterable, Mapping

from data_plane.codecs.foreign_state import PREFIX
from data_plane.codecs.json_reader import JsonReader
from data_plane.llm.content import Thought

Json = dict[str, object]

DETAILS = "reasoning_details"
APIS: Mapping[str, str] = {
    "anthropic-claude-v1": "anthropic-messages",
    "google-gemini-v1": "gemini",
    "openai-responses-v1": "openai-responses",
}
FORMATS: Mapping[str, str] = {api: word for word, api in APIS.items()}


def decode_details(reader: JsonReader) -> list[Thought]:
    """Of a message; of none if it has none."""
    return [_decode_detail(each) for each in reader.objects(DETAILS)]


def _decode_detail(detail: JsonReader) -> Thought:
    kind, word = detail.text("type"), detail.text("format")
    return Thought(
        detail.text("text") or detail.text("summary"),
        APIS.get(word, word),
        detail.text("signature"),
        detail.text("data"),
        detail.text("id"),
        kind == "reasoning.summary",
    )


def has_state(thought: Thought) -> bool:
    """Whether there is more to it than its text."""
    return bool(thought.signature or thought.sealed or thought.id)


def encode_details(thoughts: Iterable[Thought]) -> list[Json]:
    """All of them, if any has state, since the text beside is then not read again."""
    kept = list(thoughts)
    if not any(has_state(thought) for thought in kept):
        return []
    return [encode_detail(index, thought) for index, thought in enumerate(kept)]


def encode_detail(index: int, thought: Thought) -> Json:
    """Streams say each of them once, whole: SDKs join strings of the same index."""
    detail: Json = {"type": "reasoning.text", "index": index}
    if thought.is_summary:
        detail |= {"type": "reasoning.summary", "summary": thought.text}
    elif thought.text:
        detail["text"] = thought.text
    elif thought.sealed:
        detail["type"] = "reasoning.encrypted"
    known = {
        "signature": thought.signature,
        "data": thought.sealed,
        "id": thought.id,
        "format": FORMATS.get(thought.api, thought.api),
        "gateway": PREFIX,
    }
    return detail | {name: value for name, value in known.items() if value}


def decode_signature(call: JsonReader) -> str:
    """Of a call of a tool."""
    extra = call.object("extra_content")
    google = extra.object("google") if extra is not None else None
    return google.text("thought_signature") if google is not None else ""


def encode_signature(signature: str) -> Json:
    """What a call of a tool carries beside itself. The mark keeps it, as that of a detail, from who would refuse it."""
    return {"extra_content": {"google": {"thought_signature": signature}, "gateway": PREFIX}}
