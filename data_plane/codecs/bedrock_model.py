"""Which family a model of Bedrock is of: what Converse has no field for, each words differently.

Source: docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (2026-11).
"""

from collections.abc import Mapping
from enum import Enum

from data_plane.llm.traits import ReasoningStyle, Traits


class Family(Enum):
    """`OTHER`: one whose own fields are not known here, or that is named by an ARN that does not say."""

    CLAUDE = "claude"
    NOVA = "nova"
    GPT = "gpt"
    GPT_OSS = "gpt-oss"
    COHERE = "cohere"
    MISTRAL = "mistral"
    KIMI = "kimi"
    OTHER = "other"


# What names of models, and of the inference profiles and ARNs around them, contain. The first that fits counts.
WORDS: tuple[tuple[str, Family], ...] = (
    ("anthropic.", Family.CLAUDE),
    ("amazon.nova", Family.NOVA),
    ("openai.gpt-oss", Family.GPT_OSS),
    ("openai.", Family.GPT),
    ("cohere.", Family.COHERE),
    ("mistral.", Family.MISTRAL),
    ("moonshot", Family.KIMI),
)
TOP_K: Mapping[Family, str] = {Family.CLAUDE: "top_k", Family.COHERE: "k", Family.MISTRAL: "top_k"}
CLAUDE_STYLES = (ReasoningStyle.BUDGET, ReasoningStyle.ADAPTIVE)
KNOWN_PROVIDERS = ("ai21.", "amazon.", "cohere.", "deepseek.", "google.", "meta.", "mistral.", "openai.", "qwen.")


def family_of(model: str, traits: Traits) -> Family:
    """By the model's name; where an ARN does not say it, by how the model thinks."""
    family = next((family for word, family in WORDS if word in model), Family.OTHER)
    if family is Family.OTHER and model.startswith("arn:") and traits.reasoning in CLAUDE_STYLES:
        return Family.CLAUDE
    return family


def takes_cache_points(model: str, family: Family) -> bool:
    """Others refuse them. A name that says nothing is the client's to know."""
    if family is Family.CLAUDE or family is Family.NOVA:
        return True
    return family is Family.OTHER and not any(word in model for word in KNOWN_PROVIDERS)
