"""Cohere. Its endpoint for OpenAI's API is not used: it leaves out fields without a word, and has no thoughts.

Source: docs.cohere.com/reference/chat, .../reference/embed, .../reference/rerank (v2, 2026-11).
"""

from collections.abc import Mapping

from data_plane.providers.paths import at
from data_plane.providers.surface import Place, ProviderType, Surface

SURFACES: Mapping[str, Surface] = {
    "cohere-chat": Surface(at(b"/v2/chat")),
    "cohere-embed": Surface(at(b"/v2/embed")),
    "cohere-rerank": Surface(at(b"/v2/rerank")),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://api.cohere.com"


COHERE = ProviderType("Cohere", surfaces, base_url, telemetry_name="cohere", catalog="cohere")
