"""`GET /models` in the shape of each client API.

Sources: platform.openai.com/docs/api-reference/models, docs.anthropic.com/en/api/models-list, ai.google.dev/api/models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from data_plane.codecs.client_api import ANTHROPIC, GEMINI
from data_plane.exchange import Response

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """What a list shows of a model. `created` is RFC 3339 or empty, `created_seconds` the same since 1970."""

    name: str
    owner: str
    created: str = ""
    created_seconds: int = 0


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
    if api == GEMINI:
        return _answer({"models": entries})
    return _answer({"object": "list", "data": entries})


def encode_one(api: str, model: ModelEntry) -> Response:
    """One model."""
    return _answer(_entry(api, model))


def _entry(api: str, model: ModelEntry) -> dict[str, object]:
    if api == ANTHROPIC:
        created = model.created or "1970-01-01T00:00:00Z"  # as the API has it where the date is not known
        return {"type": "model", "id": model.name, "display_name": model.name, "created_at": created}
    if api == GEMINI:
        methods = ["generateContent", "streamGenerateContent", "countTokens", "embedContent"]
        name = f"models/{model.name}"
        return {"name": name, "displayName": model.name, "supportedGenerationMethods": methods}
    return {"id": model.name, "object": "model", "created": model.created_seconds, "owned_by": model.owner}


def _answer(document: object) -> Response:
    body = _encode(document)
    return Response(200, [(b"content-type", b"application/json")], len(body), body)
