"""Google's Gemini API, of Google AI Studio. Its endpoint for OpenAI's API is not used: it knows less than the codec.

Source: ai.google.dev/api (v1beta, 2026-11).
"""

from collections.abc import Mapping

from data_plane.providers.gemini_wording import word_count, word_embeddings
from data_plane.providers.paths import escaped, forwarded_query
from data_plane.providers.surface import Asked, Place, ProviderType, Surface

KEY_HEADER = "x-goog-api-key"


def _generate(asked: Asked) -> bytes:
    """A client of this API says itself, in path and query, which form of a stream it takes."""
    if asked.path:
        return _same_method(asked)
    if asked.stream:
        return b"/v1beta/models/%b:streamGenerateContent?alt=sse" % escaped(asked.model)
    return b"/v1beta/models/%b:generateContent" % escaped(asked.model)


def _same_method(asked: Asked) -> bytes:
    method = asked.path.rpartition(b":")[2]
    return b"/v1beta/models/%b:%b%b" % (escaped(asked.model), method, forwarded_query(asked.query))


def _count(asked: Asked) -> bytes:
    return b"/v1beta/models/%b:countTokens%b" % (escaped(asked.model), forwarded_query(asked.query))


def _embed(asked: Asked) -> bytes:
    """A client of this API embeds one content, or many; else it is asked for many, which one is too."""
    if asked.path:
        return _same_method(asked)
    return b"/v1beta/models/%b:batchEmbedContents" % escaped(asked.model)


SURFACES: Mapping[str, Surface] = {
    "gemini": Surface(_generate, KEY_HEADER),
    "gemini-count-tokens": Surface(_count, KEY_HEADER, word=word_count),
    "gemini-embeddings": Surface(_embed, KEY_HEADER, word=word_embeddings),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    return "https://generativelanguage.googleapis.com"


GEMINI = ProviderType("Gemini", surfaces, base_url, telemetry_name="gcp.gemini", catalog="google")
