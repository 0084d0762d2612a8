"""Anthropic. Its endpoint for OpenAI's API is not used: it leaves out fields without a word.

Source: docs.anthropic.com/en/api (2026-11).
"""

from collections.abc import Mapping

from data_plane.providers.paths import at, below
from data_plane.providers.surface import Place, ProviderType, Surface

VERSION = ((b"anthropic-version", b"2023-06-01"),)  # for clients that name none; the API refuses requests without one
SURFACES: Mapping[str, Surface] = {
    "anthropic-messages": Surface(at(b"/v1/messages"), "x-api-key", VERSION),
    "anthropic-count-tokens": Surface(at(b"/v1/messages/count_tokens"), "x-api-key", VERSION),
    "anthropic-files": Surface(below(b"/v1"), "x-api-key", VERSION),
    "anthropic-batches": Surface(below(b"/v1"), "x-api-key", VERSION),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://api.anthropic.com"


ANTHROPIC = ProviderType("Anthropic", surfaces, base_url, telemetry_name="anthropic", catalog="anthropic")
