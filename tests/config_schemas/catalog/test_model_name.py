"""Names without what providers put around them."""

from pytest import mark

from config_schemas.catalog.model_name import bare_name, is_makers_name, plain_name, routed


@mark.parametrize(
    ("name", "bare"),
    [
        ("gpt-5", "gpt-5"),
        ("gpt-35-turbo", "gpt-3.5-turbo"),
        ("gpt-35-turbo-16k", "gpt-3.5-turbo-16k"),
        ("ft:gpt-4o-mini-2024-07-18:acme::7qTVM5AR", "gpt-4o-mini-2024-07-18"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("publishers/anthropic/models/claude-sonnet-4@20250514", "claude-sonnet-4-20250514"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "claude-3-5-sonnet-20241022"),
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("us-gov.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5-20250929"),
        ("global.anthropic.claude-opus-5", "claude-opus-5"),
        ("amazon.nova-pro-v1:0", "nova-pro"),
        ("amazon.nova-pro-v1:0:300k", "nova-pro"),
        ("openai.gpt-oss-120b-1:0", "gpt-oss-120b-1"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-1-20250805-v1:0",
            "claude-opus-4-1-20250805",
        ),
        ("anthropic/claude-opus-4.1:beta", "claude-opus-4.1"),
        ("~google/gemini-flash-latest", "gemini-flash-latest"),
        ("accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-v3p3-70b-instruct"),
        ("databricks-claude-sonnet-4", "claude-sonnet-4"),
        ("Qwen/Qwen3-32B", "qwen3-32b"),
        ("llama3.2:3b", "llama3.2"),
        ("us.deepseek.r1-v1:0", "deepseek.r1"),
        ("system.ai.gpt-oss-20b", "gpt-oss-20b"),
    ],
)
def test_bare_name_is_the_makers(name: str, bare: str) -> None:
    assert bare_name(name) == bare


@mark.parametrize(
    ("catalog_id", "name", "plain"),
    [
        ("google", "publishers/anthropic/models/claude-sonnet-4@20250514", "claude-sonnet-4-20250514"),
        ("google", "models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("aws", "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-pro-v1:0", "us.amazon.nova-pro-v1:0"),
        ("azure", "gpt-35-turbo", "gpt-3.5-turbo"),
        ("openai", "gpt-35-turbo", "gpt-35-turbo"),
        ("openai", "openai/gpt-4o", "openai/gpt-4o"),
    ],
)
def test_plain_name_is_without_what_the_provider_adds(catalog_id: str, name: str, plain: str) -> None:
    assert plain_name(catalog_id, name) == plain


@mark.parametrize(
    ("name", "is_so"),
    [
        ("anthropic/claude-opus-4.1", True),
        ("us.anthropic.claude-opus-5", True),
        ("anthropic.claude-opus-5", True),
        ("gpt-5", False),
        ("claude-3.5-sonnet", False),
    ],
)
def test_a_sellers_name_says_whose_the_model_is(name: str, is_so: bool) -> None:
    assert is_makers_name(name) == is_so


def test_a_router_is_told_by_whom() -> None:
    assert routed("openai/gpt-oss-120b:Groq") == ("openai/gpt-oss-120b", "groq")
    assert routed("openai/gpt-oss-120b") == ("openai/gpt-oss-120b", "")
