"""What is known of models on day one, by type of provider and name."""

import time
import tracemalloc

from genai_prices.data import providers
from pytest import mark

from config_schemas.catalog import lookup
from config_schemas.catalog.lookup import find, look_up, provider_file
from config_schemas.catalog.provider import CATALOG_IDS, CATALOG_PROVIDERS, wire_api
from tests.fakes.model_names import names


def test_there_are_hundreds_of_names() -> None:
    assert len(set(names())) == len(list(names())) >= 300


@mark.parametrize(("kind", "name"), list(names()), ids=lambda each: each)
def test_a_well_known_name_resolves_to_capabilities_wire_api_and_price(kind: str, name: str) -> None:
    known = look_up(kind, name)

    assert known.facts.is_known
    assert wire_api(kind, known.name)
    assert known.priced is not None
    assert any(period.rates for period in known.priced.price.periods)


@mark.parametrize(
    ("kind", "name", "provider", "model"),
    [
        ("AzureOpenAI", "gpt-4o", "openai", "gpt-4o"),
        ("AzureOpenAI", "gpt-35-turbo", "openai", "gpt-3.5-turbo"),
        ("AzureOpenAI", "claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"),
        ("VertexAI", "claude-sonnet-4@20250514", "google", "claude-4-sonnet"),
        ("VertexAI", "gemini-2.5-pro", "google", "gemini-2.5-pro"),
        (
            "Bedrock",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "aws",
            "regional.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
        (
            "Bedrock",
            "global.anthropic.claude-haiku-4-5-20251001-v1:0",
            "aws",
            "global.anthropic.claude-haiku-4-5-20251001-v1:0",
        ),
        ("Bedrock", "anthropic.claude-sonnet-4-0", "anthropic", "claude-sonnet-4-0"),
        ("OpenRouter", "anthropic/claude-sonnet-4-0", "anthropic", "claude-sonnet-4-0"),
        ("VertexAI", "publishers/anthropic/models/claude-3-opus@20240229", "google", "claude-3-opus"),
        ("OpenRouter", "anthropic/claude-sonnet-4.5", "openrouter", "anthropic/claude-sonnet-4.5"),
        ("HuggingFace", "openai/gpt-oss-120b:groq", "huggingface_groq", "openai/gpt-oss-120b"),
        ("OpenAI", "gpt-5.2-20251211", "openai", "gpt-5.2"),
        ("OpenAI", "GPT-5", "openai", "gpt-5"),
    ],
)
def test_price_is_the_sellers_else_the_makers(kind: str, name: str, provider: str, model: str) -> None:
    priced = look_up(kind, name).priced

    assert priced is not None
    assert (priced.provider, priced.id) == (provider, model)
    assert priced.price.version.startswith("genai-prices ")


@mark.parametrize(
    ("kind", "name"),
    [
        ("OpenAI", "no-such-model"),
        ("AzureOpenAI", "my-deployment"),
        ("VLLM", "Qwen/Qwen3-32B"),
        ("Ollama", "llama3.2:3b"),
        ("OpenAICompatible", "gpt-4o"),
        ("OpenAI", "openai/gpt-4o"),
        ("OpenAI", "us.openai.gpt-4o"),
        ("AzureOpenAI", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("Gemini", "claude-sonnet-4-5"),
        ("OpenRouter", "gpt-5"),
        ("HuggingFace", "openai/gpt-oss-120b"),
        ("HuggingFace", "openai/gpt-oss-120b:nobody"),
    ],
)
def test_a_price_is_never_guessed(kind: str, name: str) -> None:
    assert look_up(kind, name).priced is None


def test_capabilities_are_known_where_no_price_is() -> None:
    known = look_up("VLLM", "meta-llama/Llama-3.3-70B-Instruct")

    assert (known.name, known.facts.has_tools, known.context_tokens) == ("llama-3.3-70b-instruct", True, 131_072)


def test_context_is_what_the_seller_says_before_what_the_maker_does() -> None:
    assert look_up("XAI", "grok-4-0709").context_tokens == 256_000
    assert look_up("DeepSeek", "deepseek-chat").context_tokens == 64_000
    assert look_up("OpenAICompatible", "deepseek-chat").context_tokens == 128_000


@mark.parametrize("catalog_id", sorted(CATALOG_PROVIDERS))
def test_names_are_found_as_by_the_package(catalog_id: str) -> None:
    """Its own ids, and what stands in its clauses; where an id is not among its clauses, we go by the id."""
    listed = next(each for each in providers if each.id == catalog_id)
    mine = provider_file(catalog_id)
    for model in listed.models:
        for name in (model.id, f"{model.id}-latest", f"{model.id}-20250807", f"x/{model.id}", model.id.upper()):
            theirs = listed.find_model(name)
            found = mine.find(name)
            if theirs is not None:
                assert found is not None and (found.id == theirs.id or found.id.lower() == name.lower()), name
            else:
                assert found is None or found.id.lower() == name.lower(), name


def test_every_type_that_is_priced_has_a_file() -> None:
    assert {provider_file(each).provider for each in CATALOG_IDS.values()} <= CATALOG_PROVIDERS
    assert find("nobody", "gpt-5") is None


def test_a_look_up_takes_less_than_a_millisecond() -> None:
    provider_file("openrouter")
    begun = time.perf_counter()
    for number in range(100):
        look_up("OpenRouter", f"nobody/model-{number}")

    assert (time.perf_counter() - begun) / 100 < 0.001


def test_only_what_is_asked_for_is_loaded_and_takes_little_memory() -> None:
    lookup.provider_file.cache_clear()
    tracemalloc.start()
    try:
        find("openai", "gpt-5")
        one = tracemalloc.get_traced_memory()[0]
        find("openrouter", "openai/gpt-5")
        both = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()

    assert one < 1_000_000
    assert both < 4_000_000
