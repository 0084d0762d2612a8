"""The codecs, by the name of their wire API."""

from collections.abc import Mapping

from data_plane.codecs import (
    anthropic_block,
    anthropic_encode,
    anthropic_failure,
    anthropic_request,
    anthropic_response,
    bedrock_encode,
    bedrock_failure,
    bedrock_response,
    gemini_encode,
    gemini_failure,
    gemini_request,
    gemini_response,
    openai_chat_encode,
    openai_chat_request,
    openai_chat_response,
    openai_failure,
    provider_only,
    responses_encode,
    responses_item,
    responses_request,
    responses_response,
)
from data_plane.codecs.anthropic_decoder import AnthropicDecoder
from data_plane.codecs.anthropic_encoder import AnthropicEncoder
from data_plane.codecs.bedrock_decoder import BedrockDecoder
from data_plane.codecs.codec import Codec
from data_plane.codecs.gemini_decoder import GeminiDecoder
from data_plane.codecs.gemini_encoder import GeminiEncoder
from data_plane.codecs.openai_chat_decoder import OpenAIChatDecoder
from data_plane.codecs.openai_chat_encoder import OpenAIChatEncoder
from data_plane.codecs.responses_decoder import ResponsesDecoder
from data_plane.codecs.responses_encoder import ResponsesEncoder

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
OPENAI_RESPONSES = Codec(
    responses_item.API,
    responses_request.decode_request,
    responses_encode.encode_request,
    responses_response.decode_response,
    responses_response.encode_response,
    openai_failure.decode_failure,
    ResponsesDecoder,
    ResponsesEncoder,
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
GEMINI = Codec(
    gemini_request.API,
    gemini_request.decode_request,
    gemini_encode.encode_request,
    gemini_response.decode_response,
    gemini_response.encode_response,
    gemini_failure.decode_failure,
    GeminiDecoder,
    GeminiEncoder,
)
BEDROCK_CONVERSE = Codec(
    bedrock_response.API,
    provider_only.decode_request,
    bedrock_encode.encode_request,
    bedrock_response.decode_response,
    provider_only.encode_response,
    bedrock_failure.decode_failure,
    BedrockDecoder,
    provider_only.stream_encoder,
)
CODECS: Mapping[str, Codec] = {
    codec.api: codec for codec in (ANTHROPIC_MESSAGES, BEDROCK_CONVERSE, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES)
}
