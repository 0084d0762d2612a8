"""Wire APIs by name: what a client's call is worded in, and which of them say the same in other words."""

from collections.abc import Mapping

from data_plane.codecs.client_api import ANTHROPIC, COHERE, GEMINI, OPENAI

# Of clients, by API and operation. `data_plane.codecs.table` has the codecs of those that are translated.
WIRES: Mapping[tuple[str, str], str] = {
    (OPENAI, "chat"): "openai-chat",
    (OPENAI, "responses"): "openai-responses",
    (OPENAI, "completions"): "openai-completions",
    (OPENAI, "embeddings"): "openai-embeddings",
    (OPENAI, "moderations"): "openai-moderations",
    (OPENAI, "input_tokens"): "openai-input-tokens",
    (OPENAI, "rerank"): "jina-rerank",
    (OPENAI, "compact"): "openai-compact",
    (OPENAI, "images"): "openai-images",
    (OPENAI, "image_edits"): "openai-image-edits",
    (OPENAI, "image_variations"): "openai-image-variations",
    (OPENAI, "speech"): "openai-speech",
    (OPENAI, "transcriptions"): "openai-transcriptions",
    (OPENAI, "translations"): "openai-translations",
    (OPENAI, "files"): "openai-files",
    (OPENAI, "batches"): "openai-batches",
    (OPENAI, "stored_responses"): "openai-stored-responses",
    (OPENAI, "stored_chat"): "openai-stored-chat",
    (ANTHROPIC, "messages"): "anthropic-messages",
    (ANTHROPIC, "count_tokens"): "anthropic-count-tokens",
    (ANTHROPIC, "files"): "anthropic-files",
    (ANTHROPIC, "batches"): "anthropic-batches",
    (GEMINI, "generate_content"): "gemini",
    (GEMINI, "count_tokens"): "gemini-count-tokens",
    (GEMINI, "embed_content"): "gemini-embeddings",
    (GEMINI, "predict"): "gemini-predict",
    (COHERE, "rerank"): "cohere-rerank",
}
# What a wire API is for. Between two of one family requests and answers are translated.
GENERATE, EMBED, RERANK, COUNT = "generate", "embed", "rerank", "count"
FAMILIES: Mapping[str, str] = {
    "openai-chat": GENERATE,
    "openai-responses": GENERATE,
    "anthropic-messages": GENERATE,
    "gemini": GENERATE,
    "bedrock-converse": GENERATE,
    "cohere-chat": GENERATE,
    "openai-embeddings": EMBED,
    "gemini-embeddings": EMBED,
    "vertex-predict-embeddings": EMBED,
    "cohere-embed": EMBED,
    "bedrock-cohere-embeddings": EMBED,
    "bedrock-nova-embeddings": EMBED,
    "bedrock-titan-embeddings": EMBED,
    "cohere-rerank": RERANK,
    "jina-rerank": RERANK,
    "tei-rerank": RERANK,
    "bedrock-cohere-rerank": RERANK,
    "anthropic-count-tokens": COUNT,
    "gemini-count-tokens": COUNT,
    "openai-input-tokens": COUNT,
    "bedrock-count-tokens": COUNT,
    "vertex-count-tokens": COUNT,
    "vllm-tokenize": COUNT,
}
