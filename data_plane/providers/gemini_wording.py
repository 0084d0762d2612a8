"""Bodies for the Gemini API that name the model a second time: it must be the one that the path names.

Source: ai.google.dev/api/embeddings, ai.google.dev/api/tokens (v1beta, 2026-11).
"""

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE
from data_plane.providers.surface import Asked
from data_plane.providers.wording import Fields, raw_text

WHOLE = ("generateContentRequest", "generate_content_request")  # JSON of Google's APIs has both spellings

_encode = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder(Fields).decode
_objects = msgspec.json.Decoder(list[Fields]).decode


def word_embeddings(fields: Fields, asked: Asked) -> Fields:
    """Of one content, which may name the model; of many, each of which must."""
    named = _named(asked.model)
    raw = fields.get("requests")
    if raw is None:
        return {**fields, "model": named} if "model" in fields else fields
    try:
        requests = _objects(raw)
    except UNREADABLE:
        return fields  # the provider says what is wrong with it
    return {**fields, "requests": Raw(_encode([{**request, "model": named} for request in requests]))}


def word_count(fields: Fields, asked: Asked) -> Fields:
    """What is counted of a whole request names the model inside."""
    made = dict(fields)
    for name in WHOLE:
        raw = fields.get(name)
        if raw is None:
            continue
        try:
            made[name] = Raw(_encode({**_object(raw), "model": _named(asked.model)}))
        except UNREADABLE:
            return fields  # the provider says what is wrong with it
    return made


def _named(model: str) -> Raw:
    return raw_text(model if "/" in model else f"models/{model}")
