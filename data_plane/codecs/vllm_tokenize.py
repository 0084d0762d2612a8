"""vLLM's `/tokenize`, which lies at the server's root, beside `/v1`.

Source: docs.vllm.ai, "OpenAI-compatible server", Tokenizer API (2026-11).
"""

from data_plane.codecs import openai_chat_encode
from data_plane.codecs.count_fields import countable, decode_count, encode_fields, only
from data_plane.llm.loss import Losses
from data_plane.llm.token_count import TokenCount, TokenCountRequest
from data_plane.llm.traits import Traits

API = "vllm-tokenize"
FIELDS = frozenset(("messages", "model", "tools"))


def encode_request(request: TokenCountRequest, traits: Traits, losses: Losses) -> bytes:
    """The body that asks a server for this."""
    fields = only(openai_chat_encode.encode_request(countable(request), traits, losses), FIELDS)
    return encode_fields({**fields, "add_generation_prompt": True})


def decode_response(body: bytes, request: TokenCountRequest) -> TokenCount:
    """What a server answers; it lists the tokens too.

    Raises:
        InvalidUpstreamResponse: it is no answer of this API.
    """
    return decode_count(body, "count")
