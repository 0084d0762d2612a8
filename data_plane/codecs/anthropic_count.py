"""Anthropic's count of tokens. Source: docs.anthropic.com/en/api/messages-count-tokens (2026-11)."""

from data_plane.codecs import anthropic_encode, anthropic_request
from data_plane.codecs.client_api import Call
from data_plane.codecs.count_fields import countable, decode_count, encode_fields, only
from data_plane.llm.loss import Losses
from data_plane.llm.token_count import TokenCount, TokenCountRequest
from data_plane.llm.traits import Traits

API = "anthropic-count-tokens"
FIELDS = frozenset(
    ("cache_control", "mcp_servers", "messages", "model", "output_config", "system", "thinking", "tool_choice", "tools")
)


def decode_request(body: bytes, call: Call) -> TokenCountRequest:
    """What a client wants counted.

    Raises:
        BadRequest: the API would refuse it; the text names the field.
    """
    content = anthropic_request.decode_request(body, call)
    return TokenCountRequest(content.model, content)


def encode_request(request: TokenCountRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this."""
    return encode_fields(only(anthropic_encode.encode_request(countable(request), traits, losses), FIELDS))


def decode_response(body: bytes, request: TokenCountRequest) -> TokenCount:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    return decode_count(body, "input_tokens")


def encode_response(answer: TokenCount, request: TokenCountRequest) -> bytes:
    """The answer for a client."""
    return encode_fields({"input_tokens": answer.tokens})
