"""Which API a client speaks, and what it asks for: by path, then by header, else OpenAI."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Api = Literal["openai", "anthropic", "gemini", "cohere"]
OPENAI: Api = "openai"
ANTHROPIC: Api = "anthropic"
GEMINI: Api = "gemini"
COHERE: Api = "cohere"

Methods = tuple[bytes, ...]
GET: Methods = (b"GET",)
POST: Methods = (b"POST",)
GET_POST: Methods = (b"GET", b"POST")
GET_DELETE: Methods = (b"DELETE", b"GET")


@dataclass(frozen=True, slots=True)
class Call:
    """What a path asks for. `path` is below the API's root; `operation` is empty where nobody knows the path.

    `model` is what the path names, if it does; `streams` says that the path alone asks for a stream. Of what a provider
    keeps, `id` is the id in the path as it stands there, and empty for all of a kind; None: it is a call of a model.
    """

    api: Api
    operation: str
    path: bytes
    methods: Methods = POST
    model: str = ""
    streams: bool = False
    id: bytes | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of what providers keep. `all`: methods of its own path; `one`: by what stands behind an id in the path."""

    api: Api
    operation: str
    all: Methods
    one: Mapping[bytes, Methods]


def _calls(api: Api, operations: Mapping[bytes, str]) -> dict[bytes, Call]:
    return {path: Call(api, operation, path) for path, operation in operations.items()}


OPENAI_CALLS = _calls(
    OPENAI,
    {
        b"/chat/completions": "chat",
        b"/responses": "responses",
        b"/responses/input_tokens": "input_tokens",
        b"/responses/compact": "compact",
        b"/completions": "completions",
        b"/embeddings": "embeddings",
        b"/moderations": "moderations",
        b"/rerank": "rerank",  # as Jina and vLLM word it; OpenAI has none
        b"/images/generations": "images",
        b"/images/edits": "image_edits",
        b"/images/variations": "image_variations",
        b"/audio/speech": "speech",
        b"/audio/transcriptions": "transcriptions",
        b"/audio/translations": "translations",
    },
)
ANTHROPIC_CALLS = _calls(ANTHROPIC, {b"/messages": "messages", b"/messages/count_tokens": "count_tokens"})
COHERE_CALLS = _calls(COHERE, {b"/rerank": "rerank"})
CALLS: Mapping[Api, Mapping[bytes, Call]] = {OPENAI: OPENAI_CALLS, ANTHROPIC: ANTHROPIC_CALLS, COHERE: COHERE_CALLS}
ONE_FILE: Mapping[bytes, Methods] = {b"": GET_DELETE, b"/content": GET}
KEPT: Mapping[str, Mapping[bytes, Kept]] = {
    OPENAI: {
        b"/files": Kept(OPENAI, "files", GET_POST, ONE_FILE),
        b"/batches": Kept(OPENAI, "batches", GET_POST, {b"": GET, b"/cancel": POST}),
        b"/responses": Kept(OPENAI, "stored_responses", (), {b"": GET_DELETE, b"/cancel": POST, b"/input_items": GET}),
        b"/chat/completions": Kept(OPENAI, "stored_chat", GET, {b"": (*GET_DELETE, b"POST"), b"/messages": GET}),
    },
    ANTHROPIC: {
        b"/files": Kept(ANTHROPIC, "files", GET_POST, ONE_FILE),
        b"/messages/batches": Kept(
            ANTHROPIC, "batches", GET_POST, {b"": GET_DELETE, b"/cancel": POST, b"/results": GET}
        ),
    },
}
# Method of a model in Gemini's paths, as in `/models/gemini-pro:generateContent`.
GEMINI_OPERATIONS = {
    b"generateContent": "generate_content",
    b"streamGenerateContent": "generate_content",
    b"countTokens": "count_tokens",
    b"embedContent": "embed_content",
    b"batchEmbedContents": "embed_content",
    b"predict": "predict",
}
# Paths that only one API has; `/v1/models` and `/v1/files` are decided by header.
UNAMBIGUOUS = {
    **{b"/v1" + path: call for path, call in {**OPENAI_CALLS, **ANTHROPIC_CALLS}.items()},
    b"/rerank": OPENAI_CALLS[b"/rerank"],
    b"/v2/rerank": COHERE_CALLS[b"/rerank"],
}
PREFIXES: Mapping[bytes, Api] = {b"openai": OPENAI, b"anthropic": ANTHROPIC, b"gemini": GEMINI, b"cohere": COHERE}
VERSIONS = (b"/v1", b"/v1beta", b"/v2")
MODELS = b"/models"
DEPLOYMENTS = b"/deployments/"


def classify(path: bytes, headers: Mapping[bytes, bytes], method: bytes = b"POST") -> Call:
    """The call that a canonical path, below its route's prefix, asks for."""
    call = UNAMBIGUOUS.get(path)
    if call is not None:
        return _listing(call, method) or call
    first, slash, rest = path[1:].partition(b"/")
    api = PREFIXES.get(first)
    if api is not None:  # an explicit prefix always wins
        call = _under(api, _without_version(slash + rest))
        return _listing(call, method) or call
    if first == b"v1beta":
        return _under(GEMINI, slash + rest)
    if first == b"v1" and rest.startswith(b"models/") and b":" in rest:
        call = _under(GEMINI, slash + rest)
        if call.operation:
            return call
    if first != b"v1":
        return Call(_by_header(headers), "", path)
    api = ANTHROPIC if rest.startswith(b"messages/") else _by_header(headers)
    if rest.startswith((b"responses/", b"chat/", b"batches")):
        api = OPENAI
    return _under(api, slash + rest)


def find_kept(api: str, path: bytes) -> Call | None:
    """`/files`, `/files/<id>`, `/files/<id>/content` and the like; None: the path is none of these."""
    kinds = KEPT.get(api, {})
    kind = kinds.get(path)
    if kind is not None:
        return Call(kind.api, kind.operation, path, kind.all, id=b"") if kind.all else None
    for root, kind in kinds.items():
        if not path.startswith(root + b"/"):
            continue
        id, slash, rest = path[len(root) + 1 :].partition(b"/")
        methods = kind.one.get(slash + rest)
        if methods is not None and id:
            return Call(kind.api, kind.operation, path, methods, id=id)
    return None


def _listing(call: Call, method: bytes) -> Call | None:
    """`GET /chat/completions` lists what is stored, by the path that else asks a model."""
    if method not in (b"GET", b"HEAD") or call.operation != "chat":
        return None
    return Call(OPENAI, "stored_chat", call.path, GET, id=b"")


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
    if path == MODELS:
        return Call(api, "models", path, GET)
    if path.startswith(MODELS + b"/"):
        return _at_model(api, path)
    if api == GEMINI:
        return Call(api, "", path)
    if api == OPENAI and path.startswith(DEPLOYMENTS):
        return _at_deployment(path)
    return CALLS[api].get(path) or find_kept(api, path) or Call(api, "", path)


def _at_model(api: Api, path: bytes) -> Call:
    """`/models/<name>`, for Gemini with `:<method>`. Names may have slashes and colons."""
    name = path[len(MODELS) + 1 :]
    if api == GEMINI:
        model, colon, method = name.rpartition(b":")
        if colon:
            operation = GEMINI_OPERATIONS.get(method, "")
            streams = method == b"streamGenerateContent"
            return Call(api, operation, path, model=model.decode("latin-1"), streams=streams)
    return Call(api, "model", path, GET, name.decode("latin-1"))


def _at_deployment(path: bytes) -> Call:
    """Azure's `/openai/deployments/<model>/chat/completions?api-version=...`."""
    model, slash, rest = path[len(DEPLOYMENTS) :].partition(b"/")
    call = OPENAI_CALLS.get(slash + rest)
    if call is None or not model:
        return Call(OPENAI, "", path)
    return Call(OPENAI, call.operation, call.path, model=model.decode("latin-1"))
