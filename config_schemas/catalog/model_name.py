"""Names of models without what providers put around them.

Sources: docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html, cloud.google.com/vertex-ai
(model resource names), openrouter.ai/docs, docs.fireworks.ai, huggingface.co/docs/inference-providers (2026-11).
"""

import re

REGION = re.compile(r"^(global|regional|us|us-gov|eu|apac|ap|au|ca|jp|sa|me|af|in)\.(?=[a-z0-9]+\.)")
MAKER = re.compile(
    r"^(ai21|amazon|anthropic|cohere|google|meta|minimax|mistral|moonshotai|moonshot|nvidia|openai|"
    r"qwen|stability|twelvelabs|us|writer|zai)\.(?=[a-z])"
)
REVISION = re.compile(r"-v\d+(:\d+)?(:\d+k)?$|:\d+$")
AZURE_GPT_35 = re.compile(r"^gpt-35\b")  # Azure allows no dots in a deployment's name


def bare_name(name: str) -> str:
    """As its maker calls it, in lower case: `us.anthropic.claude-sonnet-4-5-20250929-v1:0` without ends,
    `publishers/google/models/gemini-2.5-pro`, `anthropic/claude-opus-4.1:beta`, `ft:gpt-4o:acme::7qTVM5AR`.
    """
    bare = name.lower()
    if bare.startswith("ft:"):
        bare = bare[3:].partition(":")[0]
    bare = bare.rpartition("/")[2]
    bare = MAKER.sub("", REGION.sub("", bare))
    bare = REVISION.sub("", bare)
    bare = bare.partition(":")[0].removeprefix("~").removeprefix("databricks-").removeprefix("system.ai.")
    return AZURE_GPT_35.sub("gpt-3.5", bare.replace("@", "-"))


def plain_name(catalog_id: str, name: str) -> str:
    """Without what this provider itself puts around a name: resource names, ARNs, `@` before a version."""
    if catalog_id in ("aws", "google"):
        name = name.rpartition("/")[2]
    if catalog_id == "google":
        return name.replace("@", "-")
    return AZURE_GPT_35.sub("gpt-3.5", name.lower()) if catalog_id == "azure" else name


def is_makers_name(name: str) -> bool:
    """Whether a seller's name says whose the model is: `anthropic/claude-opus-4.1`, `us.anthropic.claude-opus-5`."""
    return "/" in name or MAKER.match(REGION.sub("", name.lower())) is not None


def routed(name: str) -> tuple[str, str]:
    """A name of Hugging Face's router, and to whom it routes: `openai/gpt-oss-120b:groq`."""
    model, _, provider = name.partition(":")
    return model, provider.lower()
