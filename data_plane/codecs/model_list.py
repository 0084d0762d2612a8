"""`GET /models` in the shape of each client API.

Sources: platform.openai.com/docs/api-reference/models, docs.anthropic.com/en/api/models-list, ai.google.dev/api/models,
docs.cohere.com/reference/list-models (2026-11).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from data_plane.codecs.client_api import ANTHROPIC, COHERE, GEMINI
from data_plane.exchange import Response

# What a model can be asked for, by its kind in the catalog; of one of no known kind, everything.
GEMINI_METHODS: Mapping[str, Sequence[str]] = {
    "": ("generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents"),
    "Chat": ("generateContent", "streamGenerateContent", "countTokens"),
    "Embedding": ("embedContent", "batchEmbedContents"),
}
COHERE_ENDPOINTS: Mapping[str, Sequence[str]] = {
    "": ("chat", "embed", "rerank"),
    "Chat": ("chat",),
    "Embedding": ("embed",),
    "Rerank": ("rerank",),
}

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What a list shows of a model. `created` is RFC 3339 or empty, `created_seconds` the same since 1970.

    `kind`: as the catalog has it, empty where nobody knows; so are limits of 0.
    """

    name: str
    owner: str
    created: str = ""
    created_seconds: int = 0
    kind: str = ""
    context_tokens: int = 0
    max_output_tokens: int = 0


def encode_list(api: str, models: Sequence[ModelEntry]) -> Response:
    """All models, in one page."""
    entries = [_entry(api, model) for model in models]
    if api == ANTHROPIC:
        return _answer(
            {
                "data": entries,
                "has_more": False,
                "first_id": models[0].name if models else None,
                "last_id": models[-1].name if models else None,
            }
        )
    if api in (GEMINI, COHERE):
        return _answer({"models": entries})  # the token of a next page is left out: there is none
    return _answer({"object": "list", "data": entries})


def encode_one(api: str, model: ModelEntry) -> Response:
    """One model."""
    return _answer(_entry(api, model))


def _entry(api: str, model: ModelEntry) -> dict[str, object]:
    encode = ENTRIES.get(api)
    if encode is not None:
        return encode(model)
    return {"id": model.name, "object": "model", "created": model.created_seconds, "owned_by": model.owner}


def _anthropic(model: ModelEntry) -> dict[str, object]:
    """Fields that the SDK has are there in any case; null is what the API says where it does not know."""
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.name,
        "created_at": model.created or "1970-01-01T00:00:00Z",  # as the API has it where the date is not known
        "lifecycle": "active",
        "max_input_tokens": model.context_tokens or None,
        "max_tokens": model.max_output_tokens or None,
        "capabilities": None,
        "deprecated_at": None,
        "line": None,
        "retires_at": None,
    }


def _gemini(model: ModelEntry) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": f"models/{model.name}",
        "displayName": model.name,
        "supportedGenerationMethods": GEMINI_METHODS.get(model.kind, ()),
    }
    if model.context_tokens:
        entry["inputTokenLimit"] = model.context_tokens
    if model.max_output_tokens:
        entry["outputTokenLimit"] = model.max_output_tokens
    return entry


def _cohere(model: ModelEntry) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": model.name,
        "endpoints": COHERE_ENDPOINTS.get(model.kind, ()),
        "finetuned": False,
        "is_deprecated": False,
    }
    if model.context_tokens:
        entry["context_length"] = model.context_tokens
    return entry


ENTRIES: Mapping[str, Callable[[ModelEntry], dict[str, object]]] = {
    ANTHROPIC: _anthropic,
    GEMINI: _gemini,
    COHERE: _cohere,
}


def _answer(document: object) -> Response:
    body = _encode(document)
    return Response(200, [(b"content-type", b"application/json")], len(body), body)
