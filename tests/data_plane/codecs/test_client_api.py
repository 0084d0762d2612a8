"""Which API a request means, and what it asks for."""

from pytest import mark

from data_plane.codecs.client_api import classify

ANTHROPIC = {b"anthropic-version": b"2023-06-01"}
GEMINI_KEY = {b"x-goog-api-key": b"k"}
GEMINI_CLIENT = {b"x-goog-api-client": b"genai"}


@mark.parametrize(
    "path, headers, api, operation, below, model",
    [
        ("/v1/chat/completions", {}, "openai", "chat", "/chat/completions", ""),
        ("/v1/chat/completions", ANTHROPIC, "openai", "chat", "/chat/completions", ""),
        ("/v1/responses", {}, "openai", "responses", "/responses", ""),
        ("/v1/completions", {}, "openai", "completions", "/completions", ""),
        ("/v1/embeddings", {}, "openai", "embeddings", "/embeddings", ""),
        ("/v1/moderations", {}, "openai", "moderations", "/moderations", ""),
        ("/openai/v1/chat/completions", {}, "openai", "chat", "/chat/completions", ""),
        ("/openai/chat/completions", {}, "openai", "chat", "/chat/completions", ""),
        ("/openai/deployments/gpt/chat/completions", {}, "openai", "chat", "/chat/completions", "gpt"),
        ("/openai/deployments//chat/completions", {}, "openai", "", "/deployments//chat/completions", ""),
        ("/v1/models", {}, "openai", "models", "/models", ""),
        ("/v1/models", ANTHROPIC, "anthropic", "models", "/models", ""),
        ("/v1/models", GEMINI_KEY, "gemini", "models", "/models", ""),
        ("/v1/models", GEMINI_CLIENT, "gemini", "models", "/models", ""),
        ("/openai/v1/models", ANTHROPIC, "openai", "models", "/models", ""),
        ("/anthropic/v1/models", {}, "anthropic", "models", "/models", ""),
        ("/v1/models/org/name", {}, "openai", "model", "/models/org/name", "org/name"),
        ("/v1/models/ft:gpt:x", {}, "openai", "model", "/models/ft:gpt:x", "ft:gpt:x"),
        ("/v1/messages", {}, "anthropic", "messages", "/messages", ""),
        ("/v1/messages/count_tokens", {}, "anthropic", "count_tokens", "/messages/count_tokens", ""),
        ("/anthropic/v1/messages", {}, "anthropic", "messages", "/messages", ""),
        ("/v1beta/models", {}, "gemini", "models", "/models", ""),
        ("/v1beta/models/g", {}, "gemini", "model", "/models/g", "g"),
        ("/v1beta/models/g:generateContent", {}, "gemini", "generate_content", "/models/g:generateContent", "g"),
        ("/v1/models/g:generateContent", {}, "gemini", "generate_content", "/models/g:generateContent", "g"),
        ("/gemini/v1beta/models/g:countTokens", {}, "gemini", "count_tokens", "/models/g:countTokens", "g"),
        ("/v1beta/models/g:embedContent", {}, "gemini", "embed_content", "/models/g:embedContent", "g"),
        ("/v1beta/models/g:predict", {}, "gemini", "", "/models/g:predict", "g"),
        ("/v2/rerank", {}, "cohere", "rerank", "/rerank", ""),
        ("/v1/rerank", {}, "cohere", "rerank", "/rerank", ""),
        ("/cohere/v2/rerank", {}, "cohere", "rerank", "/rerank", ""),
        ("/completions", {}, "openai", "", "/completions", ""),
        ("/v1/unknown", {}, "openai", "", "/unknown", ""),
        ("/v1/unknown", ANTHROPIC, "anthropic", "", "/unknown", ""),
        ("/", {}, "openai", "", "/", ""),
    ],
)
def test_the_table(path: str, headers: dict[bytes, bytes], api: str, operation: str, below: str, model: str) -> None:
    call = classify(path.encode(), headers)

    assert (call.api, call.operation, call.path.decode(), call.model) == (api, operation, below, model)


@mark.parametrize("method, streams", [("generateContent", False), ("streamGenerateContent", True)])
def test_gemini_s_path_says_whether_it_streams(method: str, streams: bool) -> None:
    assert classify(f"/v1beta/models/g:{method}".encode(), {}).streams is streams
