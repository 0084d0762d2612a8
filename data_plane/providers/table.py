"""The types of providers, by their name in `Provider.spec.type`."""

from collections.abc import Mapping

from data_plane.providers.anthropic import ANTHROPIC
from data_plane.providers.azure import AZURE_OPENAI
from data_plane.providers.bedrock import BEDROCK
from data_plane.providers.cohere import COHERE
from data_plane.providers.compatible import COMPATIBLE
from data_plane.providers.gemini import GEMINI
from data_plane.providers.mistral import MISTRAL
from data_plane.providers.openai import OPENAI
from data_plane.providers.surface import ProviderType
from data_plane.providers.vertex import VERTEX_AI

PROVIDER_TYPES: Mapping[str, ProviderType] = {
    each.name: each
    for each in (OPENAI, ANTHROPIC, GEMINI, AZURE_OPENAI, BEDROCK, VERTEX_AI, COHERE, MISTRAL, *COMPATIBLE)
}
