"""Google Cloud's Vertex AI: Gemini, Claude, and models that are asked in OpenAI's API.

Source: cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference, .../partner-models/claude and
.../migrate/openai/overview (2026-11); the SDKs google-genai (vertexai=True) and anthropic (AnthropicVertex).
Names of models: `gemini-...` and `claude-...` as Google has them, `projects/.../endpoints/...` for a tuned Gemini
model, and `<publisher>/<model>` for all others.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from urllib.parse import quote

from data_plane.providers.paths import forwarded_query
from data_plane.providers.surface import Asked, Place, ProviderType, Surface
from data_plane.providers.vertex_wording import (
    decode_claude_failure,
    word_claude,
    word_claude_count,
    word_count,
    word_embeddings,
)
from data_plane.providers.wording import worded

KEY_HEADER = "x-goog-api-key"
VERSION = "v1"
EMBED_VERSION = "v1beta1"  # where the SDK asks for embeddings by content, unless told otherwise
MULTI_REGIONS = frozenset(("us", "eu"))
OWN_MODEL = ("projects/", "publishers/")
SAFE = "!$&'()*+,=:@"  # in a segment of a path, as the SDKs have it; `;` and what follows might be dropped
Path = Callable[[Asked], bytes]


def is_claude(model: str) -> bool:
    return model.removeprefix("anthropic/").startswith("claude")


def is_gemini(model: str) -> bool:
    """Google's own, tuned ones among them."""
    return not is_claude(model) and ("/" not in model or model.startswith(("google/", *OWN_MODEL)))


def is_other(model: str) -> bool:
    return not is_claude(model) and not is_gemini(model)


def embeds_by_content(model: str) -> bool:
    """As google-genai decides it. Older models are asked for predictions."""
    return is_gemini(model) and "gemini" in model.rpartition("/")[2]


def embeds_by_prediction(model: str) -> bool:
    return is_gemini(model) and not embeds_by_content(model)


def base_url(place: Place) -> str:
    """By the location: a region, `global`, or the multi-regions `us` and `eu`."""
    if place.region in MULTI_REGIONS:
        return f"https://aiplatform.{place.region}.rep.googleapis.com"
    prefix = "" if place.region == "global" else f"{place.region}-"
    return f"https://{prefix}aiplatform.googleapis.com"


@lru_cache(maxsize=256)  # the same objects for the same place: what has not changed is equal
def surfaces(place: Place) -> Mapping[str, Surface]:
    location = f"projects/{place.project}/locations/{place.region}"
    root = f"/{place.api_version or VERSION}/"
    embed_root = f"/{place.api_version or EMBED_VERSION}/"
    anthropic = f"{root}{location}/publishers/anthropic/models/"
    chat = f"{root}{location}/endpoints/openapi/chat/completions".encode()
    return {
        "gemini": Surface(_generate(root, location), KEY_HEADER, takes=is_gemini),
        "anthropic-messages": Surface(
            _raw_predict(anthropic),
            KEY_HEADER,
            takes=is_claude,
            word=word_claude,
            decode_failure=decode_claude_failure,
        ),
        "openai-chat": Surface(_always(chat), KEY_HEADER, takes=is_other, word=worded()),
        # Translated into before the next, which is for clients of the Gemini API.
        "vertex-count-tokens": Surface(_method(root, location, "countTokens"), KEY_HEADER, takes=is_gemini),
        "gemini-count-tokens": Surface(
            _method(root, location, "countTokens"), KEY_HEADER, takes=is_gemini, word=word_count
        ),
        "anthropic-count-tokens": Surface(
            _always(f"{anthropic}count-tokens:rawPredict".encode()),
            KEY_HEADER,
            takes=is_claude,
            word=word_claude_count,
            decode_failure=decode_claude_failure,
        ),
        "gemini-embeddings": Surface(
            _embed(embed_root, location), KEY_HEADER, takes=embeds_by_content, word=word_embeddings
        ),
        "vertex-predict-embeddings": Surface(
            _method(root, location, "predict"), KEY_HEADER, takes=embeds_by_prediction
        ),
        "gemini-predict": Surface(_method(root, location, "predict"), KEY_HEADER, takes=is_gemini),
    }


def _of_google(root: str, location: str, model: str) -> str:
    """The path of a model of Google's, or of an endpoint that has its whole name."""
    if model.startswith("projects/"):
        return root + _segments(model)
    if not model.startswith("publishers/"):
        model = f"publishers/google/models/{model.removeprefix('google/')}"
    return f"{root}{location}/{_segments(model)}"


def _segments(name: str) -> str:
    return quote(name, safe=SAFE + "/")


def _always(path: bytes) -> Path:
    """Nothing of a client's query means anything here."""

    def target(asked: Asked) -> bytes:
        return path

    return target


def _method(root: str, location: str, method: str) -> Path:
    def target(asked: Asked) -> bytes:
        return f"{_of_google(root, location, asked.model)}:{method}".encode() + forwarded_query(asked.query)

    return target


def _generate(root: str, location: str) -> Path:
    """A client of this API says itself, in path and query, which form of a stream it takes."""

    def target(asked: Asked) -> bytes:
        model = _of_google(root, location, asked.model).encode()
        if asked.path:
            return b"%b:%b%b" % (model, asked.path.rpartition(b":")[2], forwarded_query(asked.query))
        return model + (b":streamGenerateContent?alt=sse" if asked.stream else b":generateContent")

    return target


def _embed(root: str, location: str) -> Path:
    """A client of this API embeds one content, or many; else it is asked for many, which one is too."""

    def target(asked: Asked) -> bytes:
        method = asked.path.rpartition(b":")[2] or b"batchEmbedContents"
        return b"%b:%b" % (_of_google(root, location, asked.model).encode(), method)

    return target


def _raw_predict(root: str) -> Path:
    def target(asked: Asked) -> bytes:
        model = quote(asked.model.removeprefix("anthropic/"), safe=SAFE)
        method = "streamRawPredict" if asked.stream else "rawPredict"
        return f"{root}{model}:{method}".encode()

    return target


VERTEX_AI = ProviderType(
    "VertexAI", surfaces, base_url, ("region", "project"), telemetry_name="gcp.vertex_ai", catalog="google"
)
