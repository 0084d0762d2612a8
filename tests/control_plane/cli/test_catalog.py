"""`catalog`, which asks nobody."""

import json

import pytest

from tests.fakes.served_api import Isthmus


def test_a_model_is_shown_with_what_is_known_of_it(isthmus: Isthmus) -> None:
    ran = isthmus("catalog", "show", "claude-haiku-5-5", "--provider", "Anthropic")

    assert ran.status == 0
    lines = [" ".join(line.split()) for line in ran.out.splitlines()]
    for line in (
        "providerType Anthropic",
        "wireApi anthropic-messages",
        "contextTokens 1000000",
        "maxOutputTokens 128000",
        "reasoning adaptive",
        "tools yes",
        "audio unknown",
        "prefill no",
        "pricedAs anthropic/claude-haiku-5-5",
        "inputUncached $0.1 per million",
        "inputUncached $0.5 per million (above 100000 tokens)",
    ):
        assert line in lines
    assert any(line.startswith("source platform.claude.com/") for line in lines)


def test_without_a_provider_all_that_sell_it_are_shown(isthmus: Isthmus) -> None:
    ran = isthmus("catalog", "show", "claude-sonnet-4-5", "-o", "json")

    items = json.loads(ran.out)["items"]
    assert [each["providerType"] for each in items] == ["Anthropic", "AzureOpenAI", "VertexAI"]
    assert items[0]["prices"][0]["perMillionTokens"]["cacheWrite1h"] == "6"
    assert items[0]["prices"][0]["tiers"][0]["aboveTokens"] == 200_000


@pytest.mark.parametrize(
    ("model", "provider", "when"),
    [("deepseek-chat", "DeepSeek", "(daily 00:30:00-16:30:00 UTC)"), ("o3", "OpenAI", "(from 2025-06-10)")],
    ids=["by the hour", "by the day"],
)
def test_prices_say_when_they_hold(isthmus: Isthmus, model: str, provider: str, when: str) -> None:
    assert when in isthmus("catalog", "show", model, "-p", provider).out


def test_what_can_be_told_is_told_where_no_price_is(isthmus: Isthmus) -> None:
    ran = isthmus("catalog", "show", "openai/gpt-oss-20b", "-p", "VLLM", "-o", "json")

    (item,) = json.loads(ran.out)["items"]
    assert (item["prices"], item["priceVersion"], item["contextTokens"]) == (None, None, 131_072)


@pytest.mark.parametrize("provider", [(), ("--provider", "AzureOpenAI")], ids=["anywhere", "at one"])
def test_what_is_not_known_is_said(isthmus: Isthmus, provider: tuple[str, ...]) -> None:
    ran = isthmus("catalog", "show", "my-deployment", *provider)

    assert (ran.status, ran.out) == (4, "")
    assert "nothing is known of 'my-deployment'" in ran.err


def test_models_are_listed_by_part_of_their_names(isthmus: Isthmus) -> None:
    ran = isthmus("catalog", "list", "HAIKU", "--provider", "Anthropic")

    head, *rows = [line.split() for line in ran.out.splitlines()]
    assert head == ["PROVIDER", "MODEL", "CONTEXT", "INPUT", "CACHED", "WRITTEN", "OUTPUT"]
    assert ["Anthropic", "claude-haiku-4-5", "200000", "1", "0.1", "1.25", "5"] in rows
    assert all("haiku" in row[1] for row in rows)


def test_all_models_are_listed(isthmus: Isthmus) -> None:
    ran = isthmus("catalog", "list", "-o", "json")

    items = json.loads(ran.out)["items"]
    assert len(items) > 1_500
    assert {"OpenAI", "Bedrock", "OpenRouter"} <= {each["providerType"] for each in items}


def test_nothing_found_is_no_failure(isthmus: Isthmus) -> None:
    ran = isthmus("catalog", "list", "no-such-model")

    assert (ran.status, ran.out, ran.err) == (0, "", "no model has 'no-such-model' in its name\n")
