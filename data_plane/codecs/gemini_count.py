"""Gemini's countTokens, also as Vertex AI words it.

Sources: ai.google.dev/api/tokens (v1beta), and "Count tokens" of Vertex AI's reference (2026-11).
"""

from collections.abc import Mapping

from msgspec import Raw

from data_plane.codecs import gemini_encode, gemini_request
from data_plane.codecs.client_api import Call
from data_plane.codecs.count_fields import countable, encode_fields, only
from data_plane.codecs.gemini_fields import integer, proto_reader
from data_plane.codecs.json_reader import Unreadable
from data_plane.errors import InvalidUpstreamResponse
from data_plane.llm.loss import Losses
from data_plane.llm.token_count import TokenCount, TokenCountRequest
from data_plane.llm.traits import Traits

API = "gemini-count-tokens"
VERTEX_API = "vertex-count-tokens"
FIELDS = frozenset(
    ("cachedContent", "contents", "generationConfig", "safetySettings", "systemInstruction", "toolConfig", "tools")
)
VERTEX_FIELDS = frozenset(("contents", "generationConfig", "systemInstruction", "tools"))


def decode_request(body: bytes, call: Call) -> TokenCountRequest:
    """What a client wants counted.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
    """
    content = gemini_request.decode_request(body, call)
    return TokenCountRequest(content.model, content)


def encode_request(request: TokenCountRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. Beside `contents`, the API counts only what stands in a whole request."""
    model = request.model if "/" in request.model else f"models/{request.model}"
    return encode_fields({"generateContentRequest": {"model": model, **_fields(request, traits, losses)}})


def encode_vertex(request: TokenCountRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks Vertex AI, which knows no whole request here; the path names the model."""
    fields = _fields(request, traits, losses)
    return encode_fields({name: raw for name, raw in fields.items() if name in VERTEX_FIELDS})


def decode_response(body: bytes, request: TokenCountRequest) -> TokenCount:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    try:
        reader = proto_reader(body, "")
        tokens, cached = integer(reader, "totalTokens"), integer(reader, "cachedContentTokenCount")
        if tokens is None or tokens < 0:
            raise Unreadable("`totalTokens` must be a number of tokens")
        return TokenCount(tokens, None if cached is None else max(0, cached))
    except Unreadable as error:
        raise InvalidUpstreamResponse(f"the upstream's answer cannot be read: {error}") from None


def encode_response(answer: TokenCount, request: TokenCountRequest) -> bytes:
    """The answer for a client."""
    cached = {} if answer.cached_tokens is None else {"cachedContentTokenCount": answer.cached_tokens}
    return encode_fields({"totalTokens": answer.tokens, **cached})


def _fields(request: TokenCountRequest, traits: Traits, losses: Losses) -> Mapping[str, Raw]:
    return only(gemini_encode.encode_request(countable(request), traits, losses), FIELDS)
