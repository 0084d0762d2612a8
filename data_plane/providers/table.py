"""The types of providers, by their name in `Provider.spec.type`."""

from collections.abc import Mapping

from data_plane.providers.anthropic import ANTHROPIC
from data_plane.providers.compatible import OPENAI_COMPATIBLE
from data_plane.providers.gemini import GEMINI
from data_plane.providers.openai import OPENAI
from data_plane.providers.surface import ProviderType

PROVIDER_TYPES: Mapping[str, ProviderType] = {
    each.name: each for each in (ANTHROPIC, GEMINI, OPENAI, OPENAI_COMPATIBLE)
}
