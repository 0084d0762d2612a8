"""OpenAI. Source: platform.openai.com/docs/api-reference (2026-11)."""

from collections.abc import Mapping

from data_plane.providers.paths import at
from data_plane.providers.surface import Place, ProviderType, Surface

SURFACES: Mapping[str, Surface] = {
    "openai-chat": Surface(at(b"/chat/completions")),
    "openai-responses": Surface(at(b"/responses")),
    "openai-completions": Surface(at(b"/completions")),
    "openai-embeddings": Surface(at(b"/embeddings")),
    "openai-moderations": Surface(at(b"/moderations")),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://api.openai.com/v1"


OPENAI = ProviderType("OpenAI", surfaces, base_url, telemetry_name="openai", catalog="openai")
