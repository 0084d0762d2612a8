"""OpenAI. Source: platform.openai.com/docs/api-reference (2026-11)."""

from collections.abc import Mapping

from data_plane.providers.paths import at, below
from data_plane.providers.surface import Place, ProviderType, Surface

SURFACES: Mapping[str, Surface] = {
    "openai-chat": Surface(at(b"/chat/completions")),
    "openai-responses": Surface(at(b"/responses")),
    "openai-completions": Surface(at(b"/completions")),
    "openai-embeddings": Surface(at(b"/embeddings")),
    "openai-moderations": Surface(at(b"/moderations")),
    "openai-input-tokens": Surface(at(b"/responses/input_tokens")),
    "openai-compact": Surface(at(b"/responses/compact")),
    "openai-images": Surface(at(b"/images/generations")),
    "openai-image-edits": Surface(at(b"/images/edits")),
    "openai-image-variations": Surface(at(b"/images/variations")),
    "openai-speech": Surface(at(b"/audio/speech")),
    "openai-transcriptions": Surface(at(b"/audio/transcriptions")),
    "openai-translations": Surface(at(b"/audio/translations")),
}
# What it keeps, by paths with ids.
KEPT: Mapping[str, Surface] = {
    wire: Surface(below(b""))
    for wire in ("openai-files", "openai-batches", "openai-stored-responses", "openai-stored-chat")
}
ALL: Mapping[str, Surface] = {**SURFACES, **KEPT}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return ALL


def base_url(place: Place) -> str:
    return "https://api.openai.com/v1"


OPENAI = ProviderType(
    "OpenAI",
    surfaces,
    base_url,
    telemetry_name="openai",
    catalog="openai",
    reasons_by="openai-responses",
    lacks=frozenset(("takes_more_sampling",)),
)
