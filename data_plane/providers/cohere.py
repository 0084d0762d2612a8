"""Cohere: its own API, and for OpenAI's clients of chat its endpoint for theirs.

Source: docs.cohere.com/reference/chat, .../reference/embed, .../reference/rerank (v2), .../docs/compatibility-api
(2026-11).
"""

from collections.abc import Mapping

from data_plane.providers.paths import at
from data_plane.providers.surface import Place, ProviderType, Surface
from data_plane.providers.wording import developer_as_system, each_message, renamed, worded

CHAT = worded(renamed({"max_completion_tokens": "max_tokens"}), each_message(developer_as_system))
SURFACES: Mapping[str, Surface] = {
    "cohere-chat": Surface(at(b"/v2/chat")),  # first: it has thoughts and citations, which the next does not know
    "openai-chat": Surface(at(b"/compatibility/v1/chat/completions"), word=CHAT),
    "cohere-embed": Surface(at(b"/v2/embed")),
    "cohere-rerank": Surface(at(b"/v2/rerank")),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://api.cohere.com"


COHERE = ProviderType("Cohere", surfaces, base_url, telemetry_name="cohere", catalog="cohere")
