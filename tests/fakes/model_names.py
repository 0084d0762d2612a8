"""Names of models that are well known, by the type of the provider that has them."""

from collections.abc import Iterator

# What people write into `targets[].model`: names of the providers' own documentation, and what their SDKs list.
NAMES = {
    "OpenAI": """
        gpt-6-astra gpt-6-sol gpt-6-luna gpt-6.1-sol gpt-6.1-terra gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-5.5
        gpt-5.5-pro gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.4-pro gpt-5.3-codex gpt-5.2 gpt-5.2-2025-12-11 gpt-5.2-pro
        gpt-5.1 gpt-5.1-2025-11-13 gpt-5.1-codex gpt-5.1-codex-mini gpt-5 gpt-5-2025-08-07 gpt-5-mini
        gpt-5-mini-2025-08-07 gpt-5-nano gpt-5-nano-2025-08-07 gpt-5-pro gpt-5-codex gpt-5-chat-latest gpt-4.1
        gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4.1-nano gpt-4.1-nano-2025-04-14 gpt-4o
        gpt-4o-2024-05-13 gpt-4o-2024-08-06 gpt-4o-2024-11-20 gpt-4o-mini gpt-4o-mini-2024-07-18 chatgpt-4o-latest
        gpt-4-turbo gpt-4-turbo-2024-04-09 gpt-4 gpt-4-0613 gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-3.5-turbo-1106
        gpt-3.5-turbo-instruct o1 o1-2024-12-17 o1-mini o1-pro o3 o3-2025-04-16 o3-mini o3-mini-2025-01-31 o3-pro
        o3-deep-research o4-mini o4-mini-2025-04-16 o4-mini-deep-research gpt-4o-audio-preview
        gpt-4o-search-preview gpt-audio gpt-audio-mini gpt-realtime gpt-realtime-mini text-embedding-3-small
        text-embedding-3-large text-embedding-ada-002 gpt-image-1 gpt-4o-transcribe gpt-4o-mini-transcribe
        gpt-4o-mini-tts davinci-002 babbage-002 ft:gpt-4o-mini-2024-07-18:acme::7qTVM5AR
        ft:gpt-4o-2024-08-06:acme:support:9aBcDeFg""",
    "Anthropic": """
        claude-fable-5 claude-fable-5-1 claude-fable-5-2 claude-opus-5-5 claude-opus-5 claude-sonnet-5-5 claude-sonnet-5
        claude-haiku-5-5 claude-opus-4-8 claude-opus-4-7 claude-opus-4-6 claude-sonnet-4-6 claude-opus-4-5
        claude-opus-4-5-20251101 claude-sonnet-4-5 claude-sonnet-4-5-20250929 claude-haiku-4-5 claude-haiku-4-5-20251001
        claude-opus-4-1 claude-opus-4-1-20250805 claude-opus-4-0 claude-opus-4-20250514 claude-sonnet-4-0
        claude-sonnet-4-20250514 claude-3-7-sonnet-latest claude-3-7-sonnet-20250219 claude-3-5-sonnet-latest
        claude-3-5-sonnet-20241022 claude-3-5-sonnet-20240620 claude-3-5-haiku-latest claude-3-5-haiku-20241022
        claude-3-opus-latest claude-3-opus-20240229 claude-3-sonnet-20240229 claude-3-haiku-20240307""",
    "Gemini": """
        gemini-4-argon gemini-3.8-flash gemini-3.7-flash gemini-3.6-flash gemini-3.5-flash gemini-3.5-flash-lite
        gemini-3.1-pro-preview gemini-3.1-flash-lite gemini-3-pro-preview gemini-3-flash-preview gemini-2.5-pro
        gemini-2.5-flash gemini-2.5-flash-lite gemini-2.5-flash-image gemini-2.0-flash gemini-2.0-flash-001
        gemini-2.0-flash-lite gemini-1.5-pro gemini-1.5-flash models/gemini-2.5-pro models/gemini-2.5-flash
        gemini-embedding-001""",
    "AzureOpenAI": """
        gpt-6-sol gpt-5.4 gpt-5.2 gpt-5.1 gpt-5 gpt-5-mini gpt-5-nano gpt-4.1 gpt-4.1-mini gpt-4.1-nano gpt-4o
        gpt-4o-mini gpt-4o-2024-11-20 gpt-35-turbo gpt-35-turbo-16k gpt-4-turbo gpt-4 gpt-4-32k o1 o1-mini o3 o3-mini
        o4-mini text-embedding-3-small text-embedding-3-large text-embedding-ada-002 gpt-oss-120b phi-4
        claude-sonnet-4-5 deepseek-v3.2 grok-3""",
    "VertexAI": """
        gemini-3-pro-preview gemini-3-flash-preview gemini-2.5-pro gemini-2.5-flash gemini-2.5-flash-lite
        gemini-2.0-flash-001 claude-opus-5 claude-opus-4-5@20251101
        claude-sonnet-4-5@20250929 claude-haiku-4-5@20251001 claude-opus-4-1@20250805 claude-sonnet-4@20250514
        claude-3-7-sonnet@20250219 claude-3-5-haiku@20241022
        gemini-embedding-001""",
    "Bedrock": """
        us.anthropic.claude-opus-5 global.anthropic.claude-opus-5-5 global.anthropic.claude-sonnet-5-5
        global.anthropic.claude-haiku-5-5 us.anthropic.claude-opus-4-6-v1:0 eu.anthropic.claude-sonnet-4-6-v1:0
        us.anthropic.claude-opus-4-5-20251101-v1:0 us.anthropic.claude-sonnet-4-5-20250929-v1:0
        eu.anthropic.claude-sonnet-4-5-20250929-v1:0 jp.anthropic.claude-sonnet-4-5-20250929-v1:0
        global.anthropic.claude-sonnet-4-5-20250929-v1:0 us.anthropic.claude-haiku-4-5-20251001-v1:0
        us.anthropic.claude-opus-4-1-20250805-v1:0 us.anthropic.claude-sonnet-4-20250514-v1:0
        apac.anthropic.claude-sonnet-4-20250514-v1:0 us.anthropic.claude-3-7-sonnet-20250219-v1:0
        anthropic.claude-3-5-sonnet-20241022-v2:0 anthropic.claude-3-5-sonnet-20240620-v1:0
        anthropic.claude-3-5-haiku-20241022-v1:0 anthropic.claude-3-haiku-20240307-v1:0
        arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0
        amazon.nova-micro-v1:0 amazon.nova-lite-v1:0 amazon.nova-pro-v1:0 us.amazon.nova-premier-v1:0
        eu.amazon.nova-lite-v1:0 amazon.titan-embed-text-v2:0 us.meta.llama3-3-70b-instruct-v1:0
        meta.llama3-1-8b-instruct-v1:0 us.meta.llama4-maverick-17b-instruct-v1:0 us.meta.llama4-scout-17b-instruct-v1:0
        mistral.mistral-large-2402-v1:0 mistral.mixtral-8x7b-instruct-v0:1 us.deepseek.r1-v1:0 openai.gpt-oss-120b-1:0
        openai.gpt-oss-20b-1:0 qwen.qwen3-32b-v1:0 qwen.qwen3-coder-480b-a35b-v1:0 writer.palmyra-x5-v1:0""",
    "Mistral": """
        mistral-large-latest mistral-large-2512 mistral-medium-latest mistral-small-latest mistral-small-2603
        codestral-latest codestral-2508 devstral-2512 magistral-medium-latest magistral-small-latest ministral-3b-2512
        ministral-8b-2512 ministral-14b-2512 ministral-8b-latest pixtral-large-latest pixtral-12b mistral-embed
        open-mistral-nemo voxtral-small-24b-2507""",
    "Groq": """
        llama-3.3-70b-versatile llama-3.1-8b-instant openai/gpt-oss-120b openai/gpt-oss-20b qwen/qwen3-32b
        meta-llama/llama-4-maverick-17b-128e-instruct meta-llama/llama-4-scout-17b-16e-instruct
        moonshotai/kimi-k2-instruct deepseek-r1-distill-llama-70b meta-llama/llama-guard-4-12b gemma2-9b-it""",
    "Together": """
        meta-llama/Llama-3.3-70B-Instruct-Turbo meta-llama/Meta-Llama-3.1-8B-Instruct-Turbo
        deepseek-ai/DeepSeek-V4-Pro-0813 deepseek-ai/DeepSeek-V4.1-Flash openai/gpt-oss-120b moonshotai/Kimi-K3
        zai-org/GLM-5.3 meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 Qwen/Qwen3.7-Max""",
    "Fireworks": """
        accounts/fireworks/models/gpt-oss-120b accounts/fireworks/models/gpt-oss-20b
        accounts/fireworks/models/deepseek-v3p2 accounts/fireworks/models/kimi-k3 accounts/fireworks/models/glm-5p3
        accounts/fireworks/models/llama-v3p1-8b-instruct accounts/fireworks/models/minimax-m3
        accounts/fireworks/models/qwen3-235b-a22b""",
    "DeepSeek": "deepseek-chat deepseek-reasoner deepseek-v4-pro deepseek-v4-flash deepseek-v3.2",
    "XAI": """
        grok-4 grok-4-0709 grok-4.5 grok-4.6 grok-4.7 grok-4.3 grok-4-fast-reasoning grok-4-fast-non-reasoning
        grok-4-1-fast-reasoning grok-3 grok-3-mini grok-code-fast-1 grok-2-vision-1212""",
    "OpenRouter": """
        anthropic/claude-opus-5.5 anthropic/claude-sonnet-4.5 anthropic/claude-opus-4.1 anthropic/claude-haiku-4.5
        anthropic/claude-3.7-sonnet anthropic/claude-3.5-haiku openai/gpt-6-astra openai/gpt-5 openai/gpt-5-mini
        openai/gpt-4.1 openai/gpt-4o openai/gpt-4o-mini openai/o3 openai/o4-mini openai/gpt-oss-120b
        google/gemini-2.5-pro google/gemini-2.5-flash google/gemini-3-flash-preview x-ai/grok-4.5
        deepseek/deepseek-chat deepseek/deepseek-r1 deepseek/deepseek-v3.2 meta-llama/llama-3.3-70b-instruct
        meta-llama/llama-4-maverick mistralai/mistral-large qwen/qwen3-32b qwen/qwen3-coder moonshotai/kimi-k2
        z-ai/glm-4.6 openai/gpt-oss-20b:free""",
    "Cohere": "command-a-03-2025 command-r-plus-08-2024 command-r-08-2024 command-r7b-12-2024 embed-v4.0",
    "Perplexity": "sonar sonar-pro sonar-reasoning-pro sonar-deep-research",
    "Cerebras": "gpt-oss-120b llama3.1-8b llama-3.3-70b qwen-3-32b",
    "Databricks": "databricks-llama-4-maverick databricks-gpt-oss-120b databricks-meta-llama-3-3-70b-instruct",
    "HuggingFace": """
        openai/gpt-oss-120b:groq openai/gpt-oss-120b:cerebras openai/gpt-oss-20b:together
        meta-llama/Llama-3.3-70B-Instruct:together deepseek-ai/DeepSeek-V3.2:novita""",
}


def names() -> Iterator[tuple[str, str]]:
    return ((kind, name) for kind, listed in NAMES.items() for name in listed.split())
