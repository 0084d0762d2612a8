"""The codecs, by the name of their wire API."""

from collections.abc import Mapping
from typing import Any

from data_plane.codecs import (
    anthropic_block,
    anthropic_count,
    anthropic_encode,
    anthropic_failure,
    anthropic_request,
    anthropic_response,
    bedrock_count,
    bedrock_encode,
    bedrock_failure,
    bedrock_nova_embeddings,
    bedrock_response,
    bedrock_titan_embeddings,
    cohere_embed,
    cohere_encode,
    cohere_failure,
    cohere_rerank,
    cohere_response,
    gemini_count,
    gemini_embeddings,
    gemini_encode,
    gemini_failure,
    gemini_request,
    gemini_response,
    jina_rerank,
    openai_chat_encode,
    openai_chat_request,
    openai_chat_response,
    openai_embeddings,
    openai_failure,
    provider_only,
    provider_only_unary,
    responses_count,
    responses_encode,
    responses_item,
    responses_request,
    responses_response,
    tei_rerank,
    vertex_embeddings,
    vllm_tokenize,
)
from data_plane.codecs.anthropic_decoder import AnthropicDecoder
from data_plane.codecs.anthropic_encoder import AnthropicEncoder
from data_plane.codecs.bedrock_decoder import BedrockDecoder
from data_plane.codecs.codec import Codec
from data_plane.codecs.cohere_decoder import CohereDecoder
from data_plane.codecs.gemini_decoder import GeminiDecoder
from data_plane.codecs.gemini_encoder import GeminiEncoder
from data_plane.codecs.openai_chat_decoder import OpenAIChatDecoder
from data_plane.codecs.openai_chat_encoder import OpenAIChatEncoder
from data_plane.codecs.responses_decoder import ResponsesDecoder
from data_plane.codecs.responses_encoder import ResponsesEncoder
from data_plane.codecs.unary import UnaryCodec
from data_plane.llm.embedding import Embeddings, EmbedRequest
from data_plane.llm.ranking import Ranking, RankRequest
from data_plane.llm.token_count import TokenCount, TokenCountRequest

Embed = UnaryCodec[EmbedRequest, Embeddings]
Rank = UnaryCodec[RankRequest, Ranking]
Count = UnaryCodec[TokenCountRequest, TokenCount]

OPENAI_CHAT = Codec(
    openai_chat_request.API,
    openai_chat_request.decode_request,
    openai_chat_request.decode_parsed,
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
    responses_request.decode_parsed,
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
    anthropic_request.decode_parsed,
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
    gemini_request.decode_parsed,
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
    provider_only.decode_parsed,
    bedrock_encode.encode_request,
    bedrock_response.decode_response,
    provider_only.encode_response,
    bedrock_failure.decode_failure,
    BedrockDecoder,
    provider_only.stream_encoder,
)
COHERE_CHAT = Codec(
    cohere_response.API,
    provider_only.decode_request,
    provider_only.decode_parsed,
    cohere_encode.encode_request,
    cohere_response.decode_response,
    provider_only.encode_response,
    cohere_failure.decode_failure,
    CohereDecoder,
    provider_only.stream_encoder,
)
CODECS: Mapping[str, Codec] = {
    codec.api: codec
    for codec in (ANTHROPIC_MESSAGES, BEDROCK_CONVERSE, COHERE_CHAT, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES)
}
OPENAI_EMBEDDINGS: Embed = UnaryCodec(
    openai_embeddings.API,
    openai_embeddings.decode_request,
    openai_embeddings.encode_request,
    openai_embeddings.decode_response,
    openai_embeddings.encode_response,
    openai_failure.decode_failure,
)
GEMINI_EMBEDDINGS: Embed = UnaryCodec(
    gemini_embeddings.API,
    gemini_embeddings.decode_request,
    gemini_embeddings.encode_request,
    gemini_embeddings.decode_response,
    gemini_embeddings.encode_response,
    gemini_failure.decode_failure,
)
VERTEX_EMBEDDINGS: Embed = UnaryCodec(
    vertex_embeddings.API,
    provider_only_unary.decode_request,
    vertex_embeddings.encode_request,
    vertex_embeddings.decode_response,
    provider_only_unary.encode_response,
    gemini_failure.decode_failure,
)
COHERE_EMBED: Embed = UnaryCodec(
    cohere_embed.API,
    provider_only_unary.decode_request,
    cohere_embed.encode_request,
    cohere_embed.decode_response,
    provider_only_unary.encode_response,
    openai_failure.decode_failure,
)
BEDROCK_COHERE_EMBEDDINGS: Embed = UnaryCodec(
    cohere_embed.BEDROCK_API,
    provider_only_unary.decode_request,
    cohere_embed.encode_bedrock,
    cohere_embed.decode_response,
    provider_only_unary.encode_response,
    bedrock_failure.decode_failure,
)
BEDROCK_NOVA_EMBEDDINGS: Embed = UnaryCodec(
    bedrock_nova_embeddings.API,
    provider_only_unary.decode_request,
    bedrock_nova_embeddings.encode_request,
    bedrock_nova_embeddings.decode_response,
    provider_only_unary.encode_response,
    bedrock_failure.decode_failure,
)
BEDROCK_TITAN_EMBEDDINGS: Embed = UnaryCodec(
    bedrock_titan_embeddings.API,
    provider_only_unary.decode_request,
    bedrock_titan_embeddings.encode_request,
    bedrock_titan_embeddings.decode_response,
    provider_only_unary.encode_response,
    bedrock_failure.decode_failure,
)
COHERE_RERANK: Rank = UnaryCodec(
    cohere_rerank.API,
    cohere_rerank.decode_request,
    cohere_rerank.encode_request,
    cohere_rerank.decode_response,
    cohere_rerank.encode_response,
    openai_failure.decode_failure,
)
JINA_RERANK: Rank = UnaryCodec(
    jina_rerank.API,
    jina_rerank.decode_request,
    jina_rerank.encode_request,
    jina_rerank.decode_response,
    jina_rerank.encode_response,
    openai_failure.decode_failure,
)
TEI_RERANK: Rank = UnaryCodec(
    tei_rerank.API,
    provider_only_unary.decode_request,
    tei_rerank.encode_request,
    tei_rerank.decode_response,
    provider_only_unary.encode_response,
    openai_failure.decode_failure,
)
BEDROCK_COHERE_RERANK: Rank = UnaryCodec(
    cohere_rerank.BEDROCK_API,
    provider_only_unary.decode_request,
    cohere_rerank.encode_bedrock,
    cohere_rerank.decode_response,
    provider_only_unary.encode_response,
    bedrock_failure.decode_failure,
)
ANTHROPIC_COUNT: Count = UnaryCodec(
    anthropic_count.API,
    anthropic_count.decode_request,
    anthropic_count.encode_request,
    anthropic_count.decode_response,
    anthropic_count.encode_response,
    anthropic_failure.decode_failure,
)
GEMINI_COUNT: Count = UnaryCodec(
    gemini_count.API,
    gemini_count.decode_request,
    gemini_count.encode_request,
    gemini_count.decode_response,
    gemini_count.encode_response,
    gemini_failure.decode_failure,
)
RESPONSES_COUNT: Count = UnaryCodec(
    responses_count.API,
    responses_count.decode_request,
    responses_count.encode_request,
    responses_count.decode_response,
    responses_count.encode_response,
    openai_failure.decode_failure,
)
BEDROCK_COUNT: Count = UnaryCodec(
    bedrock_count.API,
    provider_only_unary.decode_request,
    bedrock_count.encode_request,
    bedrock_count.decode_response,
    provider_only_unary.encode_response,
    bedrock_failure.decode_failure,
)
VERTEX_COUNT: Count = UnaryCodec(
    gemini_count.VERTEX_API,
    provider_only_unary.decode_request,
    gemini_count.encode_vertex,
    gemini_count.decode_response,
    provider_only_unary.encode_response,
    gemini_failure.decode_failure,
)
VLLM_TOKENIZE: Count = UnaryCodec(
    vllm_tokenize.API,
    provider_only_unary.decode_request,
    vllm_tokenize.encode_request,
    vllm_tokenize.decode_response,
    provider_only_unary.encode_response,
    openai_failure.decode_failure,
)
UNARY: Mapping[str, UnaryCodec[Any, Any]] = {
    codec.api: codec
    for codecs in (
        (
            OPENAI_EMBEDDINGS,
            GEMINI_EMBEDDINGS,
            VERTEX_EMBEDDINGS,
            COHERE_EMBED,
            BEDROCK_COHERE_EMBEDDINGS,
            BEDROCK_NOVA_EMBEDDINGS,
            BEDROCK_TITAN_EMBEDDINGS,
        ),
        (COHERE_RERANK, JINA_RERANK, TEI_RERANK, BEDROCK_COHERE_RERANK),
        (ANTHROPIC_COUNT, GEMINI_COUNT, RESPONSES_COUNT, BEDROCK_COUNT, VERTEX_COUNT, VLLM_TOKENIZE),
    )
    for codec in codecs
}
