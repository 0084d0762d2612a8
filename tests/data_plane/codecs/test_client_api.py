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
        ("/v1beta/models/g:predict", {}, "gemini", "predict", "/models/g:predict", "g"),
        ("/v1beta/models/g:foo", {}, "gemini", "", "/models/g:foo", "g"),
        ("/v1beta/files", {}, "gemini", "", "/files", ""),
        ("/v1/responses/input_tokens", {}, "openai", "input_tokens", "/responses/input_tokens", ""),
        ("/v1/responses/compact", {}, "openai", "compact", "/responses/compact", ""),
        ("/v1/images/generations", {}, "openai", "images", "/images/generations", ""),
        ("/v1/images/edits", {}, "openai", "image_edits", "/images/edits", ""),
        ("/v1/images/variations", {}, "openai", "image_variations", "/images/variations", ""),
        ("/v1/audio/speech", {}, "openai", "speech", "/audio/speech", ""),
        ("/v1/audio/transcriptions", {}, "openai", "transcriptions", "/audio/transcriptions", ""),
        ("/v1/audio/translations", {}, "openai", "translations", "/audio/translations", ""),
        ("/openai/deployments/w/audio/translations", {}, "openai", "translations", "/audio/translations", "w"),
        ("/openai/deployments/d/images/generations", {}, "openai", "images", "/images/generations", "d"),
        ("/v2/rerank", {}, "cohere", "rerank", "/rerank", ""),
        ("/v1/rerank", {}, "openai", "rerank", "/rerank", ""),
        ("/rerank", {}, "openai", "rerank", "/rerank", ""),
        ("/cohere/v1/rerank", {}, "cohere", "rerank", "/rerank", ""),
        ("/cohere/v2/rerank", {}, "cohere", "rerank", "/rerank", ""),
        ("/cohere/v1/models", {}, "cohere", "models", "/models", ""),
        ("/cohere/v1/models/rerank-v3.5", {}, "cohere", "model", "/models/rerank-v3.5", "rerank-v3.5"),
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


@mark.parametrize(
    "method, path, headers, operation, id, methods",
    [
        ("GET", "/v1/files", {}, "openai files", "", "GET POST"),
        ("POST", "/v1/files", ANTHROPIC, "anthropic files", "", "GET POST"),
        ("POST", "/openai/files", {}, "openai files", "", "GET POST"),
        ("GET", "/v1/files/f-1", {}, "openai files", "f-1", "DELETE GET"),
        ("GET", "/v1/files/f-1/content", ANTHROPIC, "anthropic files", "f-1", "GET"),
        ("POST", "/v1/batches", {}, "openai batches", "", "GET POST"),
        ("GET", "/v1/batches/b", {}, "openai batches", "b", "GET"),
        ("POST", "/openai/v1/batches/b/cancel", {}, "openai batches", "b", "POST"),
        ("GET", "/v1/responses/r", {}, "openai stored_responses", "r", "DELETE GET"),
        ("POST", "/v1/responses/r/cancel", {}, "openai stored_responses", "r", "POST"),
        ("GET", "/v1/responses/r/input_items", {}, "openai stored_responses", "r", "GET"),
        ("GET", "/v1/chat/completions", {}, "openai stored_chat", "", "GET"),
        ("GET", "/openai/v1/chat/completions", {}, "openai stored_chat", "", "GET"),
        ("POST", "/v1/chat/completions/c", {}, "openai stored_chat", "c", "DELETE GET POST"),
        ("GET", "/v1/chat/completions/c/messages", {}, "openai stored_chat", "c", "GET"),
        ("POST", "/v1/messages/batches", {}, "anthropic batches", "", "GET POST"),
        ("GET", "/v1/messages/batches/b", {}, "anthropic batches", "b", "DELETE GET"),
        ("POST", "/anthropic/v1/messages/batches/b/cancel", {}, "anthropic batches", "b", "POST"),
        ("GET", "/v1/messages/batches/b/results", {}, "anthropic batches", "b", "GET"),
        ("GET", "/v1/responses", {}, "openai responses", None, "POST"),
        ("GET", "/v1/files/f/other", {}, "openai ", None, "POST"),
        ("GET", "/v1/files/", {}, "openai ", None, "POST"),
        ("GET", "/v1/files//content", {}, "openai ", None, "POST"),
        ("GET", "/v1/batches/b/results", {}, "openai ", None, "POST"),
    ],
)
def test_what_providers_keep_is_asked_for_by_its_id(
    method: str, path: str, headers: dict[bytes, bytes], operation: str, id: str | None, methods: str
) -> None:
    call = classify(path.encode(), headers, method.encode())

    assert (f"{call.api} {call.operation}", call.id) == (operation, None if id is None else id.encode())
    assert b" ".join(sorted(call.methods)).decode() == methods
