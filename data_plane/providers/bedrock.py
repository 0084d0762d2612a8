"""Amazon Bedrock: Converse for all models, and the models' own APIs where clients speak them.

Source: docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html (2026-11); the SDKs
botocore, anthropic (AnthropicBedrock) and openai (BedrockOpenAI with endpoint="runtime"). Names of models: their ids,
ids or ARNs of inference profiles.
"""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from data_plane.codecs.aws_event_stream import MessageSplitter
from data_plane.codecs.bedrock_failure import decode_failure
from data_plane.codecs.bedrock_invoke import InvokeReframer
from data_plane.providers.surface import Asked, Place, ProviderType, Surface
from data_plane.providers.wording import Fields, raw_list, raw_text, worded

ANTHROPIC_VERSION = raw_text("bedrock-2023-05-31")  # the one that every Claude on Bedrock takes
BETAS = b"anthropic-beta"
USER_PROFILE = b"anthropic-user-profile-id"
# What comes behind `bedrock-runtime.<region>.`, by how the region begins; longer beginnings first.
SUFFIXES = (
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
)
SUFFIX = "amazonaws.com"


def is_claude(model: str) -> bool:
    """ARNs of application inference profiles do not say: their models are asked by Converse."""
    return "anthropic." in model


def is_plain_claude(model: str) -> bool:
    """No inference profile of several regions, of which CountTokens knows nothing."""
    return model.startswith("anthropic.")


def is_openai(model: str) -> bool:
    return "openai." in model


def has(word: str) -> Callable[[str], bool]:
    """Of models whose name contains the word."""

    def takes(model: str) -> bool:
        return word in model

    return takes


def is_nova_embeddings(model: str) -> bool:
    return "amazon.nova" in model and "embed" in model


def word_claude(fields: Fields, asked: Asked) -> Fields:
    """The path says what the model is and whether it streams; the body what else stands in header fields."""
    made = {name: raw for name, raw in fields.items() if name not in ("model", "stream")}
    made.setdefault("anthropic_version", ANTHROPIC_VERSION)
    betas = [each.strip() for each in asked.headers.get(BETAS, b"").decode("latin-1").split(",")]
    if any(betas):
        made.setdefault("anthropic_beta", raw_list([each for each in betas if each]))
    profile = asked.headers.get(USER_PROFILE)
    if profile is not None:
        made.setdefault("user_profile_id", raw_text(profile.decode("latin-1")))
    return made


def _converse(asked: Asked) -> bytes:
    return _of_model(asked.model, "converse-stream" if asked.stream else "converse")


def _invoke(asked: Asked) -> bytes:
    return _of_model(asked.model, "invoke-with-response-stream" if asked.stream else "invoke")


def _count(asked: Asked) -> bytes:
    return _of_model(asked.model, "count-tokens")


def _chat(asked: Asked) -> bytes:
    return b"/openai/v1/chat/completions"


def _of_model(model: str, operation: str) -> bytes:
    """As botocore encodes it, since the signature covers the path as it is sent."""
    return f"/model/{quote(model, safe='-._~')}/{operation}".encode()


# Converse comes first: it is the same for all models, however they are named.
SURFACES: Mapping[str, Surface] = {
    "bedrock-converse": Surface(_converse, cutter=MessageSplitter),
    "anthropic-messages": Surface(
        _invoke, takes=is_claude, word=word_claude, reframe=InvokeReframer, decode_failure=decode_failure
    ),
    "openai-chat": Surface(_chat, takes=is_openai, word=worded()),
    "bedrock-count-tokens": Surface(_count, takes=is_plain_claude),
    "bedrock-titan-embeddings": Surface(_invoke, takes=has("amazon.titan-embed")),
    "bedrock-cohere-embeddings": Surface(_invoke, takes=has("cohere.embed")),
    "bedrock-nova-embeddings": Surface(_invoke, takes=is_nova_embeddings),
    "bedrock-cohere-rerank": Surface(_invoke, takes=has("cohere.rerank")),
}


def surfaces(place: Place) -> Mapping[str, Surface]:
    return SURFACES


def base_url(place: Place) -> str:
    suffix = next((suffix for prefix, suffix in SUFFIXES if place.region.startswith(prefix)), SUFFIX)
    return f"https://bedrock-runtime.{place.region}.{suffix}"


BEDROCK = ProviderType("Bedrock", surfaces, base_url, ("region",), telemetry_name="aws.bedrock", catalog="aws")
