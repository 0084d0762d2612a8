"""The codecs, by the name of their wire API."""

from collections.abc import Mapping

from data_plane.codecs import (
    anthropic_block,
    anthropic_encode,
    anthropic_failure,
    anthropic_request,
    anthropic_response,
    openai_chat_encode,
    openai_chat_request,
    openai_chat_response,
    openai_failure,
)
from data_plane.codecs.anthropic_decoder import AnthropicDecoder
from data_plane.codecs.anthropic_encoder import AnthropicEncoder
from data_plane.codecs.codec import Codec
from data_plane.codecs.openai_chat_decoder import OpenAIChatDecoder
from data_plane.codecs.openai_chat_encoder import OpenAIChatEncoder

OPENAI_CHAT = Codec(
    openai_chat_request.API,
    openai_chat_request.decode_request,
    openai_chat_encode.encode_request,
    openai_chat_response.decode_response,
    openai_chat_response.encode_response,
    openai_failure.decode_failure,
    OpenAIChatDecoder,
    OpenAIChatEncoder,
)
ANTHROPIC_MESSAGES = Codec(
    anthropic_block.API,
    anthropic_request.decode_request,
    anthropic_encode.encode_request,
    anthropic_response.decode_response,
    anthropic_response.encode_response,
    anthropic_failure.decode_failure,
    AnthropicDecoder,
    AnthropicEncoder,
)
CODECS: Mapping[str, Codec] = {codec.api: codec for codec in (ANTHROPIC_MESSAGES, OPENAI_CHAT)}
