"""A provider's own name of a model, without what LiteLLM writes before it."""

import re

HUGGING_FACE_HOSTS = frozenset(
    (
        *("cerebras", "cohere", "fal-ai", "featherless-ai", "fireworks-ai", "groq", "hf-inference", "hyperbolic"),
        *("nebius", "novita", "nscale", "replicate", "sambanova", "together"),
    )
)
BEDROCK_WAYS = re.compile(r"^(converse|converse_like|invoke)/")
BEDROCK_REGION = re.compile(r"^([a-z]{2}(?:-[a-z]+)+-\d)/(?:(?:1|6)-month-commitment/)?")
BEDROCK_FAMILY = re.compile(r"^(llama|deepseek_r1|nova|qwen2|qwen3|moonshot|anthropic|openai)/(?=arn:)")
BEDROCK_OTHER = re.compile(r"^(async_invoke|agent|agentcore|mantle|openai|batch)/")
AZURE_WAYS = re.compile(r"^(responses|o_series|gpt5_series|chat_completions)/")
TAKEN = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._:/@]*[A-Za-z0-9])?")
MAX_CHARACTERS = 128
VERTEX = re.compile(r"^(gemini|claude|text-embedding|text-multilingual-embedding|multimodalembedding|gemini-embedding)")


class NotServed(Exception):
    """No Provider serves it; the text says why."""


def model_name(prefix: str, rest: str) -> tuple[str, str]:
    """The provider's name, and the region if the name says one.

    Raises:
        NotServed: there is no such way to it.
    """
    region = ""
    if prefix in ("bedrock", "bedrock_converse"):
        rest, region = _bedrock(rest)
    elif prefix in ("openai", "azure", "azure_text"):
        rest = AZURE_WAYS.sub("", rest)
    elif prefix == "huggingface":
        rest = _hugging_face(rest)
    elif prefix in ("vertex_ai", "vertex_ai_beta") and not VERTEX.match(rest):
        raise NotServed("of Vertex AI, models of Google and Anthropic are served")
    if len(rest) > MAX_CHARACTERS or not TAKEN.fullmatch(rest):
        raise NotServed(f"a model's name has up to {MAX_CHARACTERS} letters, digits and `-._:/@`")
    return rest, region


def _bedrock(rest: str) -> tuple[str, str]:
    rest = BEDROCK_WAYS.sub("", rest)
    if BEDROCK_OTHER.match(rest) and "arn:" not in rest:
        raise NotServed("of Bedrock, models are served: no agents, no asynchronous invocations")
    found = BEDROCK_REGION.match(rest)
    region = found[1] if found else ""
    return BEDROCK_FAMILY.sub("", rest[found.end() :] if found else rest), region


def _hugging_face(rest: str) -> str:
    """`together/org/model` is asked for as `org/model:together`."""
    host, slash, name = rest.partition("/")
    return f"{name}:{host}" if slash and "/" in name and host in HUGGING_FACE_HOSTS else rest
