"""Names of models without what LiteLLM writes before them."""

import pytest

from control_plane.litellm_import.model_name import NotServed, model_name

PROFILE = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"


@pytest.mark.parametrize(
    ("prefix", "rest", "name", "region"),
    [
        ("openai", "gpt-5", "gpt-5", ""),
        ("openai", "responses/gpt-5-pro", "gpt-5-pro", ""),
        ("azure", "o_series/my-o3", "my-o3", ""),
        ("bedrock", "anthropic.claude-v2:1", "anthropic.claude-v2:1", ""),
        ("bedrock", "converse/us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0", ""),
        ("bedrock", "us-west-2/anthropic.claude-v2", "anthropic.claude-v2", "us-west-2"),
        ("bedrock", "us-gov-west-1/1-month-commitment/meta.llama", "meta.llama", "us-gov-west-1"),
        ("bedrock", f"converse/{PROFILE}", PROFILE, ""),
        ("bedrock", f"llama/{PROFILE}", PROFILE, ""),
        ("openrouter", "anthropic/claude-opus-4.1", "anthropic/claude-opus-4.1", ""),
        ("huggingface", "together/deepseek-ai/DeepSeek-R1", "deepseek-ai/DeepSeek-R1:together", ""),
        ("huggingface", "meta-llama/Llama-3", "meta-llama/Llama-3", ""),
        ("vertex_ai", "claude-sonnet-4@20250514", "claude-sonnet-4@20250514", ""),
    ],
)
def test_a_name_is_the_providers_own(prefix: str, rest: str, name: str, region: str) -> None:
    assert model_name(prefix, rest) == (name, region)


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [
        ("bedrock", "agent/ABC/DEF"),
        ("bedrock", "async_invoke/amazon.nova-reel"),
        ("vertex_ai", "meta/llama-4"),
        ("openai", "gpt 5"),
        ("openai", ""),
        ("openai", "x" * 200),
        ("cloudflare", "@cf/meta/llama"),
    ],
)
def test_what_no_target_can_name_is_not_served(prefix: str, rest: str) -> None:
    with pytest.raises(NotServed):
        model_name(prefix, rest)
