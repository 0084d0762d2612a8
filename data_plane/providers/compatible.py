"""Providers that speak OpenAI's API, each in one row: where they are, what they speak, and what they word otherwise.

A base URL is what OpenAI's SDK takes for the provider, nearly always ending in `/v1`. Sources: the documentation of
each provider, as its row names it (2026-11).
"""

from collections.abc import Mapping

from data_plane.providers.anthropic import VERSION
from data_plane.providers.openai import KEPT, SURFACES
from data_plane.providers.paths import at
from data_plane.providers.surface import Place, ProviderType, Surface
from data_plane.providers.wording import (
    Word,
    developer_as_system,
    each_message,
    renamed,
    thoughts_as,
    without,
    without_empty,
    without_false,
    worded,
)

CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS = "openai-chat", "openai-responses", "openai-completions", "openai-embeddings"
IMAGES, SPEECH = "openai-images", "openai-speech"
TRANSCRIPTIONS, TRANSLATIONS = "openai-transcriptions", "openai-translations"
MESSAGES, COUNT, INPUT = "anthropic-messages", "anthropic-count-tokens", "openai-input-tokens"
RERANK, COHERE_RERANK = "jina-rerank", "cohere-rerank"
# Where what OpenAI does not have lies at servers that have it too.
BESIDE: Mapping[str, Surface] = {
    MESSAGES: Surface(at(b"/messages"), defaults=VERSION),
    COUNT: Surface(at(b"/messages/count_tokens"), defaults=VERSION),
    RERANK: Surface(at(b"/rerank")),
    COHERE_RERANK: Surface(at(b"/rerank")),  # of servers whose answers fit both
}
KNOWN: Mapping[str, Surface] = {**SURFACES, **BESIDE}
# Few but OpenAI have these; without them, Responses are translated, and the gateway counts tokens itself.
GENERIC = tuple(wire for wire in SURFACES if wire not in (RESPONSES, "openai-input-tokens", "openai-compact"))
LOCAL = (CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS)
# What OpenAI's SDK writes when an answer is put into the next request.
ECHOED = without_empty("refusal", "annotations", "audio", "function_call")
MAX_TOKENS = renamed({"max_completion_tokens": "max_tokens"})
HINTS = ("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier")


def is_claude(model: str) -> bool:
    """Of names that say so, as all do that a host has chosen."""
    return "claude" in model


def speaks(*wires: str, chat: Word | None = None) -> dict[str, Surface]:
    """What lies where OpenAI has it. `chat`: how requests to chat are worded, where they are not as OpenAI's."""
    made = {wire: KNOWN[wire] for wire in wires}
    if chat is not None:
        made[CHAT] = Surface(KNOWN[CHAT].path, word=chat)
    return made


def compatible(
    name: str,
    url: str,
    spoken: Mapping[str, Surface],
    *,
    names: tuple[str, str] = ("", ""),
    lacks: tuple[str, ...] = (),
) -> ProviderType:
    """One type. `url`: empty where each account has its own. `names`: in telemetry, and in the catalog."""

    def surfaces(place: Place) -> Mapping[str, Surface]:
        return spoken

    def base_url(place: Place) -> str:
        return url

    telemetry_name, catalog = names
    return ProviderType(name, surfaces, base_url if url else None, (), telemetry_name, catalog, frozenset(lacks))


COMPATIBLE: tuple[ProviderType, ...] = (
    # Whoever is not below: what a server does not have, it answers with 404. Responses are asked as chat, which every
    # such server has.
    compatible("OpenAICompatible", "", {**speaks(*GENERIC, RERANK, COHERE_RERANK), **KEPT}),
    # inference-docs.cerebras.ai/resources/openai; fields as in its SDK 1.91, others are errors of validation.
    compatible(
        "Cerebras",
        "https://api.cerebras.ai/v1",
        speaks(
            CHAT,
            COMPLETIONS,
            chat=worded(
                without("prompt_cache_options", "prompt_cache_retention", "safety_identifier", "metadata"),
                without_false("store"),
                each_message(thoughts_as("reasoning"), ECHOED),
            ),
        ),
        names=("cerebras", "cerebras"),
        lacks=("takes_more_sampling",),
    ),
    # docs.databricks.com/aws/en/machine-learning/model-serving/score-foundation-models, .../query-anthropic-messages:
    # below https://<workspace>/serving-endpoints; names of models are those of endpoints.
    compatible(
        "Databricks",
        "",
        {
            **speaks(CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS),
            MESSAGES: Surface(at(b"/anthropic/v1/messages"), defaults=VERSION, takes=is_claude),
        },
        names=("databricks", "databricks"),
    ),
    # api-docs.deepseek.com/api/create-chat-completion, .../guides/anthropic_api. It has JSON, but no schema for it.
    compatible(
        "DeepSeek",
        "https://api.deepseek.com",
        {
            **speaks(CHAT, chat=worded(MAX_TOKENS, each_message(developer_as_system))),
            MESSAGES: Surface(at(b"/anthropic/v1/messages"), "x-api-key", VERSION),
        },
        names=("deepseek", "deepseek"),
        lacks=("takes_json_schema", "takes_developer_role", "takes_max_completion_tokens"),
    ),
    # docs.fireworks.ai/tools-sdks/openai-compatibility, .../tools-sdks/anthropic-compatibility
    compatible(
        "Fireworks",
        "https://api.fireworks.ai/inference/v1",
        speaks(CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS, MESSAGES),
        names=("fireworks", "fireworks"),
    ),
    # console.groq.com/docs/openai: `property '...' is unsupported`, of messages too; fields as in its SDK 1.7.
    compatible(
        "Groq",
        "https://api.groq.com/openai/v1",
        speaks(
            CHAT,
            RESPONSES,
            EMBEDDINGS,
            SPEECH,
            TRANSCRIPTIONS,
            TRANSLATIONS,
            chat=worded(without(*HINTS), each_message(thoughts_as("reasoning"), ECHOED)),
        ),
        names=("groq", "groq"),
        lacks=("takes_more_sampling",),
    ),
    # huggingface.co/docs/inference-providers: the router.
    compatible("HuggingFace", "https://router.huggingface.co/v1", speaks(CHAT, RESPONSES), names=("huggingface", "")),
    # github.com/ggml-org/llama.cpp, tools/server/README.md
    compatible("LlamaCpp", "", speaks(*LOCAL, MESSAGES, COUNT, INPUT, RERANK), names=("llama_cpp", "")),
    # lmstudio.ai/docs/developer/openai-compat, .../anthropic-compat
    compatible("LMStudio", "", speaks(*LOCAL, MESSAGES), names=("lm_studio", "")),
    # docs.nvidia.com/nim/large-language-models/reference/api-reference; the hosted ones answer `extra_forbidden` to
    # fields that they do not know (github.com/sipeed/picoclaw/issues/1019).
    compatible(
        "NvidiaNIM",
        "https://integrate.api.nvidia.com/v1",
        speaks(*LOCAL, MESSAGES, COUNT, chat=worded(without(*HINTS), without_false("store"))),
        names=("nvidia_nim", ""),
    ),
    # docs.ollama.com/api/openai-compatibility, and openai/openai.go of its source: it passes over what it does not
    # know, `max_completion_tokens`, `n` and `tool_choice` among it, and calls thoughts `reasoning`.
    compatible(
        "Ollama",
        "",
        speaks(*LOCAL, MESSAGES, chat=worded(MAX_TOKENS, each_message(thoughts_as("reasoning")))),
        names=("ollama", ""),
        lacks=(
            "takes_candidates",
            "takes_files",
            "takes_links",
            "takes_max_completion_tokens",
            "takes_more_sampling",
            "takes_tool_choice",
        ),
    ),
    # openrouter.ai/docs/api-reference
    compatible(
        "OpenRouter",
        "https://openrouter.ai/api/v1",
        speaks(CHAT, RESPONSES, COMPLETIONS, EMBEDDINGS, MESSAGES),
        names=("openrouter", "openrouter"),
    ),
    # docs.perplexity.ai/docs/agent-api: what was chat is asked as Responses since 2026-09-27.
    compatible(
        "Perplexity",
        "https://api.perplexity.ai/v1",
        speaks(RESPONSES, EMBEDDINGS),
        names=("perplexity", "perplexity"),
    ),
    # docs.sglang.io/docs/basic_usage/openai_api, .../anthropic_api
    compatible("SGLang", "", speaks(*LOCAL, MESSAGES, COUNT, RERANK), names=("sglang", "")),
    # huggingface.co/docs/text-generation-inference, and .../text-embeddings-inference, which is deployed like it. The
    # base URL is the server's root.
    compatible(
        "TGI",
        "",
        {
            CHAT: Surface(at(b"/v1/chat/completions"), word=worded(MAX_TOKENS)),
            COMPLETIONS: Surface(at(b"/v1/completions")),
            EMBEDDINGS: Surface(at(b"/v1/embeddings")),
            "tei-rerank": Surface(at(b"/rerank")),
        },
        names=("tgi", ""),
        lacks=("takes_max_completion_tokens",),
    ),
    # docs.together.ai/docs/openai-api-compatibility; fields as in its SDK 3.1
    compatible(
        "Together",
        "https://api.together.ai/v1",
        speaks(
            CHAT,
            COMPLETIONS,
            EMBEDDINGS,
            IMAGES,
            SPEECH,
            TRANSCRIPTIONS,
            TRANSLATIONS,
            RERANK,
            chat=worded(MAX_TOKENS),
        ),
        names=("together", "together"),
        lacks=("takes_max_completion_tokens",),
    ),
    # docs.vllm.ai/en/stable/serving/online_serving.html
    compatible(
        "VLLM",
        "",
        speaks(*LOCAL, TRANSCRIPTIONS, TRANSLATIONS, MESSAGES, COUNT, RERANK, COHERE_RERANK),
        names=("vllm", ""),
    ),
    # docs.x.ai/developers/rest-api-reference/inference: chat is the older API there, and Anthropic's is withdrawn.
    compatible("XAI", "https://api.x.ai/v1", speaks(CHAT, RESPONSES, COMPLETIONS, IMAGES), names=("x_ai", "x-ai")),
)
