"""Bodies and errors of Vertex AI, where they differ from those of the API that is spoken there.

Source: as of `data_plane.providers.vertex`.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs import anthropic_failure, gemini_failure
from data_plane.codecs.json_reader import UNREADABLE, JsonReader, Unreadable
from data_plane.llm.failure import ProviderFailure
from data_plane.providers.surface import Asked
from data_plane.providers.wording import Fields, raw_text

ANTHROPIC_VERSION = raw_text("vertex-2023-10-16")
# Of one content to embed: beside it in the Gemini API, inside `embedContentConfig` here.
EMBED_OPTIONS = ("taskType", "title", "outputDimensionality", "autoTruncate")

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(Fields).decode
_objects = msgspec.json.Decoder(list[Fields]).decode


def word_claude(fields: Fields, asked: Asked) -> Fields:
    """The path names the model, the body the API's version."""
    made = {name: raw for name, raw in fields.items() if name != "model"}
    made.setdefault("anthropic_version", ANTHROPIC_VERSION)
    return made


def word_claude_count(fields: Fields, asked: Asked) -> Fields:
    """Counting has one path for all models: the body names the model."""
    return {"anthropic_version": ANTHROPIC_VERSION, **fields, "model": raw_text(asked.model)}


def word_count(fields: Fields, asked: Asked) -> Fields:
    """What the Gemini API counts of a whole request stands at the top here. The path names the model."""
    made = dict(fields)
    whole = made.pop("generateContentRequest", None)
    if whole is None:
        return made
    try:
        made.update(_object(whole))
    except UNREADABLE:
        return fields  # the provider says what is wrong with it
    made.pop("model", None)
    return made


def word_embeddings(fields: Fields, asked: Asked) -> Fields:
    """Of one content, or of many requests for one each."""
    raw = fields.get("requests")
    if raw is None:
        return _embed_request(fields)
    try:
        requests = _objects(raw)
    except UNREADABLE:
        return fields  # the provider says what is wrong with it
    return {**fields, "requests": Raw(_encode([_embed_request(request) for request in requests]))}


def _embed_request(fields: Fields) -> Fields:
    made = {name: raw for name, raw in fields.items() if name != "model" and name not in EMBED_OPTIONS}
    options = {name: fields[name] for name in EMBED_OPTIONS if name in fields}
    if options and "embedContentConfig" not in made:
        made["embedContentConfig"] = Raw(_encode(options))
    return made


def decode_claude_failure(status: int, headers: Mapping[bytes, bytes], body: bytes) -> ProviderFailure:
    """What Claude refuses is worded as Anthropic's errors, what Google refuses before as Google's."""
    try:
        is_own = JsonReader.of(body).text("type") == "error"
    except Unreadable:
        is_own = False
    if is_own:
        return anthropic_failure.decode_failure(status, headers, body)
    return gemini_failure.decode_failure(status, headers, body)
