"""Mistral's La Plateforme: OpenAI's chat API with a strict schema, in which fields that it does not have are errors.

Source: docs.mistral.ai/api and the models of its SDK, mistralai 3.7 (2026-11). `stream_options.include_usage` is an
error too (github.com/avante-corp/avante.nvim/issues/2347); the last chunk tells usage without being asked. Its
moderations answer in other words than OpenAI's: they are not spoken here.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from data_plane.codecs.json_reader import UNREADABLE
from data_plane.providers.paths import at
from data_plane.providers.surface import Place, ProviderType, Surface
from data_plane.providers.wording import (
    Fields,
    developer_as_system,
    each_message,
    nine_character_ids,
    renamed,
    without,
    without_empty,
    without_false,
    worded,
)

_encode = msgspec.json.Encoder().encode
_text = msgspec.json.Decoder(str).decode
_parts = msgspec.json.Decoder(list[Raw]).decode


def thoughts_as_part(message: Fields) -> bool:
    """A thought is a part of the content. Source: docs.mistral.ai/capabilities/reasoning (2026-11)."""
    raw = message.pop("reasoning_content", None)
    if raw is None:
        return False
    try:
        thought = _text(raw)
    except UNREADABLE:
        return True  # null
    if thought:
        part = {"type": "thinking", "thinking": [{"type": "text", "text": thought}]}
        message["content"] = Raw(_encode([part, *_content_parts(message.get("content"))]))
    return True


def _content_parts(raw: Raw | None) -> list[object]:
    if raw is None:
        return []
    try:
        return list(_parts(raw))
    except UNREADABLE:
        pass
    try:
        text = _text(raw)
    except UNREADABLE:
        return []
    return [{"type": "text", "text": text}] if text else []


CHAT = worded(
    renamed({"max_completion_tokens": "max_tokens", "seed": "random_seed"}),
    without("stream_options", "user", "safety_identifier", "prompt_cache_retention", "prompt_cache_options"),
    without_false("store"),
    each_message(
        developer_as_system,
        nine_character_ids,
        thoughts_as_part,
        without_empty("refusal", "annotations", "audio", "function_call"),
    ),
)
SURFACES: Mapping[str, Surface] = {
    "openai-chat": Surface(at(b"/v1/chat/completions"), word=CHAT),
    "openai-embeddings": Surface(
        at(b"/v1/embeddings"), word=worded(renamed({"dimensions": "output_dimension"}), without("user"))
    ),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://api.mistral.ai"


MISTRAL = ProviderType(
    "Mistral",
    surfaces,
    base_url,
    telemetry_name="mistral_ai",
    catalog="mistral",
    lacks=frozenset(("takes_more_sampling", "takes_logprobs")),
)
