"""Whoever speaks OpenAI's API below a base URL of his own."""

from collections.abc import Mapping

from data_plane.providers.openai import SURFACES
from data_plane.providers.paths import below
from data_plane.providers.surface import Place, ProviderType, Surface

# Of vLLM and others, beside the rest: what they do not have, they answer with 404.
COMPATIBLE: Mapping[str, Surface] = {**SURFACES, "cohere-rerank": Surface(below(b""))}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return COMPATIBLE


OPENAI_COMPATIBLE = ProviderType("OpenAICompatible", surfaces)
