"""Bedrock's CountTokens.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html (2026-11).
It takes plain models only: no inference profiles, so none of a name that begins with a region.
"""

from data_plane.codecs import bedrock_encode
from data_plane.codecs.count_fields import countable, decode_count, encode_fields, only
from data_plane.llm.loss import Losses
from data_plane.llm.token_count import TokenCount, TokenCountRequest
from data_plane.llm.traits import Traits

API = "bedrock-count-tokens"
FIELDS = frozenset(("additionalModelRequestFields", "messages", "system", "toolConfig"))


def encode_request(request: TokenCountRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a provider for this. The model is named by the path."""
    fields = only(bedrock_encode.encode_request(countable(request), traits, losses), FIELDS)
    return encode_fields({"input": {"converse": fields}})


def decode_response(body: bytes, request: TokenCountRequest) -> TokenCount:
    """What a provider answers.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    return decode_count(body, "inputTokens")
