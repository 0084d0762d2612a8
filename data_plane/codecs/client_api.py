"""Which API a client speaks, and what it asks for: by path, then by header, else OpenAI."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Api = Literal["openai", "anthropic", "gemini", "cohere"]
OPENAI: Api = "openai"
ANTHROPIC: Api = "anthropic"
GEMINI: Api = "gemini"
COHERE: Api = "cohere"


@dataclass(frozen=True, slots=True)
class Call:
    """What a path asks for. `path` is below the API's root; `operation` is empty where nobody knows the path.

    `model` is what the path names, if it does; `streams` says that the path alone asks for a stream.
    """

    api: Api
    operation: str
    path: bytes
    method: bytes = b"POST"
    model: str = ""
    streams: bool = False


def _calls(api: Api, operations: Mapping[bytes, str]) -> dict[bytes, Call]:
    return {path: Call(api, operation, path) for path, operation in operations.items()}


OPENAI_CALLS = _calls(
    OPENAI,
    {
        b"/chat/completions": "chat",
        b"/responses": "responses",
        b"/completions": "completions",
        b"/embeddings": "embeddings",
        b"/moderations": "moderations",
    },
)
ANTHROPIC_CALLS = _calls(ANTHROPIC, {b"/messages": "messages", b"/messages/count_tokens": "count_tokens"})
COHERE_CALLS = _calls(COHERE, {b"/rerank": "rerank"})
# Method of a model in Gemini's paths, as in `/models/gemini-pro:generateContent`.
GEMINI_OPERATIONS = {
    b"generateContent": "generate_content",
    b"streamGenerateContent": "generate_content",
    b"countTokens": "count_tokens",
    b"embedContent": "embed_content",
    b"batchEmbedContents": "embed_content",
}
# Paths that only one API has; `/v1/models` is decided by header.
UNAMBIGUOUS = {
    **{b"/v1" + path: call for path, call in {**OPENAI_CALLS, **ANTHROPIC_CALLS}.items()},
    b"/v1/rerank": COHERE_CALLS[b"/rerank"],
    b"/v2/rerank": COHERE_CALLS[b"/rerank"],
}
PREFIXES: Mapping[bytes, Api] = {b"openai": OPENAI, b"anthropic": ANTHROPIC, b"gemini": GEMINI, b"cohere": COHERE}
VERSIONS = (b"/v1", b"/v1beta", b"/v2")
MODELS = b"/models"
DEPLOYMENTS = b"/deployments/"


def classify(path: bytes, headers: Mapping[bytes, bytes]) -> Call:
    """The call that a canonical path, below its route's prefix, asks for."""
    call = UNAMBIGUOUS.get(path)
    if call is not None:
        return call
    first, slash, rest = path[1:].partition(b"/")
    api = PREFIXES.get(first)
    if api is not None:  # an explicit prefix always wins
        return _under(api, _without_version(slash + rest))
    if first == b"v1beta":
        return _under(GEMINI, slash + rest)
    if first == b"v1" and rest.startswith(b"models/") and b":" in rest:
        call = _under(GEMINI, slash + rest)
        if call.operation:
            return call
    if first != b"v1":
        return Call(_by_header(headers), "", path)
    return _under(_by_header(headers), slash + rest)


def _by_header(headers: Mapping[bytes, bytes]) -> Api:
    if b"anthropic-version" in headers:
        return ANTHROPIC
    if b"x-goog-api-key" in headers or b"x-goog-api-client" in headers:
        return GEMINI
    return OPENAI


def _without_version(path: bytes) -> bytes:
    for version in VERSIONS:
        if path == version or path.startswith(version + b"/"):
            return path[len(version) :]
    return path


def _under(api: Api, path: bytes) -> Call:
    """The call at a path below the API's root."""
    if path == MODELS and api != COHERE:
        return Call(api, "models", path, b"GET")
    if path.startswith(MODELS + b"/") and api != COHERE:
        return _at_model(api, path)
    if api == GEMINI:
        return Call(api, "", path)
    if api == OPENAI:
        if path.startswith(DEPLOYMENTS):
            return _at_deployment(path)
        return OPENAI_CALLS.get(path) or Call(api, "", path)
    calls = ANTHROPIC_CALLS if api == ANTHROPIC else COHERE_CALLS
    return calls.get(path) or Call(api, "", path)


def _at_model(api: Api, path: bytes) -> Call:
    """`/models/<name>`, for Gemini with `:<method>`. Names may have slashes and colons."""
    name = path[len(MODELS) + 1 :]
    if api == GEMINI:
        model, colon, method = name.rpartition(b":")
        if colon:
            operation = GEMINI_OPERATIONS.get(method, "")
            streams = method == b"streamGenerateContent"
            return Call(api, operation, path, model=model.decode("latin-1"), streams=streams)
    return Call(api, "model", path, b"GET", name.decode("latin-1"))


def _at_deployment(path: bytes) -> Call:
    """Azure's `/openai/deployments/<model>/chat/completions?api-version=...`."""
    model, slash, rest = path[len(DEPLOYMENTS) :].partition(b"/")
    call = OPENAI_CALLS.get(slash + rest)
    if call is None or not model:
        return Call(OPENAI, "", path)
    return Call(OPENAI, call.operation, call.path, model=model.decode("latin-1"))
