"""LiteLLM's providers, by the prefix of a model, and what they are here.

Source: litellm/litellm_core_utils/get_llm_provider_logic.py, litellm/llms/openai_like/providers.json (1.110).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from config_schemas.routing.provider import ProviderTypeName


@dataclass(frozen=True, slots=True)
class KnownProvider:
    """`key` and `base` are the variables that LiteLLM reads where a deployment says nothing; `url` its last resort.

    `is_open`: servers that often want no key.
    """

    type: ProviderTypeName
    key: str = ""
    base: str = ""
    url: str = ""
    is_open: bool = False


def _compatible(key: str, url: str, base: str = "") -> KnownProvider:
    return KnownProvider("OpenAICompatible", key, base, url)


OPENAI = KnownProvider("OpenAI", "OPENAI_API_KEY", "OPENAI_API_BASE")
ANTHROPIC = KnownProvider("Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_API_BASE")
AZURE = KnownProvider("AzureOpenAI", "AZURE_API_KEY", "AZURE_API_BASE")
BEDROCK = KnownProvider("Bedrock")
COHERE = KnownProvider("Cohere", "COHERE_API_KEY", "COHERE_API_BASE")
VERTEX = KnownProvider("VertexAI")
OLLAMA = KnownProvider("Ollama", "OLLAMA_API_KEY", "OLLAMA_API_BASE", "http://localhost:11434", is_open=True)
VLLM = KnownProvider("VLLM", "HOSTED_VLLM_API_KEY", "HOSTED_VLLM_API_BASE", is_open=True)
OPEN_COMPATIBLE = KnownProvider("OpenAICompatible", is_open=True)

PROVIDERS: Mapping[str, KnownProvider] = {
    "openai": OPENAI,
    "text-completion-openai": OPENAI,
    "custom_openai": OPEN_COMPATIBLE,
    "openai_like": OPEN_COMPATIBLE,
    "aiohttp_openai": OPEN_COMPATIBLE,
    "azure": AZURE,
    "azure_text": AZURE,
    "azure_ai": KnownProvider("OpenAICompatible", "AZURE_AI_API_KEY", "AZURE_AI_API_BASE"),
    "anthropic": ANTHROPIC,
    "gemini": KnownProvider("Gemini", "GEMINI_API_KEY", "GEMINI_API_BASE"),
    "vertex_ai": VERTEX,
    "vertex_ai_beta": VERTEX,
    "bedrock": BEDROCK,
    "bedrock_converse": BEDROCK,
    "cohere": COHERE,
    "cohere_chat": COHERE,
    "mistral": KnownProvider("Mistral", "MISTRAL_API_KEY", "MISTRAL_API_BASE"),
    "codestral": KnownProvider("Mistral", "CODESTRAL_API_KEY", "CODESTRAL_API_BASE", "https://codestral.mistral.ai"),
    "deepseek": KnownProvider("DeepSeek", "DEEPSEEK_API_KEY", "DEEPSEEK_API_BASE"),
    "groq": KnownProvider("Groq", "GROQ_API_KEY", "GROQ_API_BASE"),
    "together_ai": KnownProvider("Together", "TOGETHER_API_KEY", "TOGETHER_AI_API_BASE"),
    "fireworks_ai": KnownProvider("Fireworks", "FIREWORKS_API_KEY", "FIREWORKS_API_BASE"),
    "xai": KnownProvider("XAI", "XAI_API_KEY", "XAI_API_BASE"),
    "openrouter": KnownProvider("OpenRouter", "OPENROUTER_API_KEY", "OPENROUTER_API_BASE"),
    "perplexity": KnownProvider("Perplexity", "PERPLEXITYAI_API_KEY", "PERPLEXITY_API_BASE"),
    "cerebras": KnownProvider("Cerebras", "CEREBRAS_API_KEY", "CEREBRAS_API_BASE"),
    "nvidia_nim": KnownProvider("NvidiaNIM", "NVIDIA_NIM_API_KEY", "NVIDIA_NIM_API_BASE"),
    "databricks": KnownProvider("Databricks", "DATABRICKS_API_KEY", "DATABRICKS_API_BASE"),
    "huggingface": KnownProvider("HuggingFace", "HF_TOKEN", "HF_API_BASE"),
    "ollama": OLLAMA,
    "ollama_chat": OLLAMA,
    "vllm": VLLM,
    "hosted_vllm": VLLM,
    "lm_studio": KnownProvider("LMStudio", "LM_STUDIO_API_KEY", "LM_STUDIO_API_BASE", is_open=True),
    "llamafile": KnownProvider("LlamaCpp", "", "LLAMAFILE_API_BASE", "http://127.0.0.1:8080/v1", is_open=True),
    "xinference": KnownProvider("OpenAICompatible", "XINFERENCE_API_KEY", "XINFERENCE_API_BASE", is_open=True),
    "lemonade": KnownProvider(
        "OpenAICompatible", "LEMONADE_API_KEY", "LEMONADE_API_BASE", "http://localhost:8000/api/v1", is_open=True
    ),
    "docker_model_runner": KnownProvider(
        "OpenAICompatible",
        "",
        "DOCKER_MODEL_RUNNER_API_BASE",
        "http://localhost:22088/engines/llama.cpp/v1",
        is_open=True,
    ),
    "litellm_proxy": KnownProvider("OpenAICompatible", "LITELLM_PROXY_API_KEY", "LITELLM_PROXY_API_BASE"),
    "ai21_chat": _compatible("AI21_API_KEY", "https://api.ai21.com/studio/v1", "AI21_API_BASE"),
    "ai21": _compatible("AI21_API_KEY", "https://api.ai21.com/studio/v1", "AI21_API_BASE"),
    "aihubmix": _compatible("AIHUBMIX_API_KEY", "https://aihubmix.com/v1"),
    "anyscale": _compatible("ANYSCALE_API_KEY", "https://api.endpoints.anyscale.com/v1", "ANYSCALE_API_BASE"),
    "baseten": _compatible("BASETEN_API_KEY", "https://inference.baseten.co/v1", "BASETEN_API_BASE"),
    "chutes": _compatible("CHUTES_API_KEY", "https://llm.chutes.ai/v1"),
    "crusoe": _compatible("CRUSOE_API_KEY", "https://api.inference.crusoecloud.com/v1"),
    "dashscope": _compatible(
        "DASHSCOPE_API_KEY", "https://dashscope.aliyuncs.com/compatible-mode/v1", "DASHSCOPE_API_BASE"
    ),
    "deepinfra": _compatible("DEEPINFRA_API_KEY", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_BASE"),
    "empower": _compatible("EMPOWER_API_KEY", "https://app.empower.dev/api/v1", "EMPOWER_API_BASE"),
    "featherless_ai": _compatible("FEATHERLESS_AI_API_KEY", "https://api.featherless.ai/v1", "FEATHERLESS_AI_API_BASE"),
    "friendliai": _compatible("FRIENDLIAI_API_KEY", "https://api.friendli.ai/serverless/v1", "FRIENDLI_API_BASE"),
    "galadriel": _compatible("GALADRIEL_API_KEY", "https://api.galadriel.com/v1", "GALADRIEL_API_BASE"),
    "github": _compatible("GITHUB_API_KEY", "https://models.inference.ai.azure.com", "GITHUB_API_BASE"),
    "helicone": _compatible("HELICONE_API_KEY", "https://ai-gateway.helicone.ai"),
    "hyperbolic": _compatible("HYPERBOLIC_API_KEY", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_BASE"),
    "inception": _compatible("INCEPTION_API_KEY", "https://api.inceptionlabs.ai/v1", "INCEPTION_API_BASE"),
    "lambda_ai": _compatible("LAMBDA_API_KEY", "https://api.lambda.ai/v1", "LAMBDA_API_BASE"),
    "meta_llama": _compatible("LLAMA_API_KEY", "https://api.llama.com/compat/v1", "LLAMA_API_BASE"),
    "modelscope": _compatible("MODELSCOPE_API_KEY", "https://api-inference.modelscope.cn/v1", "MODELSCOPE_API_BASE"),
    "moonshot": _compatible("MOONSHOT_API_KEY", "https://api.moonshot.ai/v1", "MOONSHOT_API_BASE"),
    "morph": _compatible("MORPH_API_KEY", "https://api.morphllm.com/v1", "MORPH_API_BASE"),
    "nano-gpt": _compatible("NANOGPT_API_KEY", "https://nano-gpt.com/api/v1"),
    "nebius": _compatible("NEBIUS_API_KEY", "https://api.studio.nebius.ai/v1", "NEBIUS_API_BASE"),
    "novita": _compatible("NOVITA_API_KEY", "https://api.novita.ai/v3/openai", "NOVITA_API_BASE"),
    "nscale": _compatible("NSCALE_API_KEY", "https://inference.api.nscale.com/v1", "NSCALE_API_BASE"),
    "parasail": _compatible("PARASAIL_API_KEY", "https://api.parasail.io/v1"),
    "poe": _compatible("POE_API_KEY", "https://api.poe.com/v1"),
    "publicai": _compatible("PUBLICAI_API_KEY", "https://api.publicai.co/v1"),
    "sambanova": _compatible("SAMBANOVA_API_KEY", "https://api.sambanova.ai/v1", "SAMBANOVA_API_BASE"),
    "scaleway": _compatible("SCW_SECRET_KEY", "https://api.scaleway.ai/v1"),
    "synthetic": _compatible("SYNTHETIC_API_KEY", "https://api.synthetic.new/openai/v1"),
    "tencent": _compatible("TENCENT_API_KEY", "https://tokenhub-intl.tencentcloudmaas.com/v1", "TENCENT_API_BASE"),
    "v0": _compatible("V0_API_KEY", "https://api.v0.dev/v1", "V0_API_BASE"),
    "veniceai": _compatible("VENICE_AI_API_KEY", "https://api.venice.ai/api/v1"),
    "vercel_ai_gateway": _compatible(
        "VERCEL_AI_GATEWAY_API_KEY", "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_BASE"
    ),
    "volcengine": _compatible("VOLCENGINE_API_KEY", "https://ark.cn-beijing.volces.com/api/v3", "VOLCENGINE_API_BASE"),
    "wandb": _compatible("WANDB_API_KEY", "https://api.inference.wandb.ai/v1", "WANDB_API_BASE"),
    "zai": _compatible("ZAI_API_KEY", "https://api.z.ai/api/paas/v4", "ZAI_API_BASE"),
}

# What a model without a prefix is; LiteLLM has lists of names, which these are the beginnings of.
BEGINNINGS: tuple[tuple[str, str], ...] = (
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("ft:gpt-", "openai"),
    ("text-embedding-ada", "openai"),
    ("text-embedding-3", "openai"),
    ("omni-moderation", "openai"),
    ("text-moderation", "openai"),
    ("dall-e", "openai"),
    ("whisper", "openai"),
    ("tts-", "openai"),
    ("davinci", "openai"),
    ("babbage", "openai"),
    ("claude-", "anthropic"),
    ("command", "cohere_chat"),
    ("embed-", "cohere"),
    ("rerank-", "cohere"),
    ("gemini-", "vertex_ai"),
    ("text-embedding-0", "vertex_ai"),
    ("anthropic.", "bedrock"),
    ("amazon.", "bedrock"),
    ("meta.", "bedrock"),
    ("mistral.", "bedrock"),
    ("cohere.", "bedrock"),
    ("us.", "bedrock"),
    ("eu.", "bedrock"),
    ("apac.", "bedrock"),
    ("global.", "bedrock"),
)


def split_model(model: str, provider: str | None) -> tuple[str, str]:
    """LiteLLM's provider and the rest of the name; an empty provider if it cannot be told."""
    prefix, slash, rest = model.partition("/")
    if provider is not None:
        return provider, rest if slash and prefix == provider else model
    if slash and rest and prefix in PROVIDERS:
        return prefix, rest
    for beginning, found in BEGINNINGS:
        if model.startswith(beginning):
            return found, model
    return (prefix, rest) if slash and rest else ("", model)
