"""Cohere: its own API; for clients of OpenAI's chat, its endpoint for that.

Source: docs.cohere.com/reference/chat, .../reference/embed, .../reference/rerank, .../docs/compatibility-api (2026-11).
"""

from collections.abc import Mapping

from data_plane.providers.paths import at
from data_plane.providers.surface import Place, ProviderType, Surface
from data_plane.providers.wording import developer_as_system, each_message, renamed, worded

CHAT = worded(renamed({"max_completion_tokens": "max_tokens"}), each_message(developer_as_system))
SURFACES: Mapping[str, Surface] = {
    "cohere-chat": Surface(at(b"/v2/chat")),  # before the other: it knows thoughts and citations
    "openai-chat": Surface(at(b"/compatibility/v1/chat/completions"), word=CHAT),
    "cohere-embed": Surface(at(b"/v2/embed")),
    "cohere-rerank": Surface(at(b"/v2/rerank")),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://api.cohere.com"


COHERE = ProviderType(
    "Cohere",
    surfaces,
    base_url,
    telemetry_name="cohere",
    catalog="cohere",
    lacks=frozenset(("takes_developer_role", "takes_max_completion_tokens")),
)
