"""What is known of a target, and what is made anew when that changes."""

import json
from typing import Any

from msgspec.json import decode
from pytest import mark

from config_schemas.catalog.lookup import look_up
from config_schemas.catalog.provider import wire_api
from data_plane.codecs.wire import EMBED, FAMILIES, GENERATE, RERANK
from data_plane.config import structs
from data_plane.config.catalog_unit import Asked, TargetFacts, facts_of
from data_plane.config.state import Build, State
from data_plane.llm.price import cost_nanousd
from data_plane.llm.traits import ReasoningStyle
from data_plane.providers.surface import Place
from data_plane.providers.table import PROVIDER_TYPES
from data_plane.usage import Usage
from tests.fakes.model_names import names

MILLION = Usage(input_uncached=1_000_000)


def entry(name: str, value: str, tenant: str = "acme", **spec: Any) -> tuple[str, structs.CatalogEntry]:
    model = {"value": value.removesuffix("*"), "type": "Prefix" if value.endswith("*") else "Exact"}
    document = {
        "kind": "CatalogEntry",
        "apiVersion": "isthmus.dev/v1",
        "metadata": {"name": name, "tenant": tenant, "generation": 7},
        "spec": {"model": model, **spec},
    }
    return f"{tenant}/CatalogEntry/{name}", decode(json.dumps(document), type=structs.CatalogEntry)


def usd(amount: str) -> dict[str, Any]:
    """Own prices: so much for a million tokens."""
    return {"pricing": "Own", "prices": [{"perMillionTokens": {"inputUncached": amount}}]}


def build(*entries: tuple[str, structs.CatalogEntry]) -> Build:
    made = Build(State(), {})
    for path, resource in entries:
        made.put(path, resource)
    return made


def facts(
    *entries: tuple[str, structs.CatalogEntry],
    kind: str = "OpenAI",
    model: str = "gpt-4o",
    provider: str = "acme/Provider/main",
) -> TargetFacts:
    return facts_of(build(*entries), Asked(kind, provider, model, "acme"))


def cost_usd(found: TargetFacts) -> float | None:
    """Of a million tokens of input."""
    cost = None if found.price is None else cost_nanousd(MILLION, found.price, 1.8e9)
    return None if cost is None else cost / 1_000_000_000


FAMILIES_BY_KIND = {"Chat": GENERATE, "Embedding": EMBED, "Rerank": RERANK}
PLACE = Place("us-east-1", "project", "2025-01-01")


@mark.parametrize(("kind", "name"), list(names()), ids=lambda each: each)
def test_a_well_known_name_resolves_to_a_wire_api_that_its_provider_speaks(kind: str, name: str) -> None:
    """Of the codecs that translate; what is neither chat nor a vector is relayed in the provider's own API."""
    known = look_up(kind, name)
    surfaces = PROVIDER_TYPES[kind].surfaces(PLACE)
    spoken = [wire for wire, surface in surfaces.items() if surface.takes is None or surface.takes(name)]
    family = FAMILIES_BY_KIND.get(known.facts.kind, "")
    codecs = [wire for wire in spoken if FAMILIES.get(wire) == family]

    assert spoken
    assert codecs or not family
    assert family != GENERATE or codecs[0] == wire_api(kind, known.name)


def test_without_entries_the_catalog_counts() -> None:
    found = facts()

    assert found.price is not None and found.price.version.startswith("genai-prices ")
    assert cost_usd(found) == 2.5
    assert (found.name, found.kind, found.traits.max_output_tokens) == ("gpt-4o", "Chat", 16_384)


def test_what_nobody_knows_has_no_price_and_the_traits_of_any_model() -> None:
    found = facts(kind="VLLM", model="our-own")

    assert found.price is None
    assert found.traits.reasoning is ReasoningStyle.EFFORT and found.traits.takes_prefill


@mark.parametrize(
    ("kind", "model", "traits"),
    [
        ("Anthropic", "claude-opus-5", {"reasoning": ReasoningStyle.ADAPTIVE, "takes_prefill": False}),
        ("Bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", {"reasoning": ReasoningStyle.BUDGET}),
        ("VertexAI", "gemini-3-pro-preview", {"takes_unsigned_calls": False, "context_tokens": 1_048_576}),
        ("AzureOpenAI", "gpt-5", {"takes_sampling": False, "max_output_tokens": 128_000}),
        ("Mistral", "mistral-large-latest", {"takes_max_completion_tokens": False}),
        ("Ollama", "gpt-oss:20b", {"takes_max_completion_tokens": True, "context_tokens": 131_072}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_traits_are_those_of_the_model_wherever_it_is_served(kind: str, model: str, traits: dict[str, Any]) -> None:
    found = facts(kind=kind, model=model).traits

    assert {name: getattr(found, name) for name in traits} == traits


def test_an_entry_replaces_the_price_and_names_itself_as_its_version() -> None:
    found = facts(entry("ours", "gpt-4o", **usd("9")))

    assert found.price is not None and found.price.version == "acme/CatalogEntry/ours@7"
    assert cost_usd(found) == 9


def test_what_is_free_is_known_to_cost_nothing() -> None:
    assert cost_usd(facts(entry("own", "llama*", pricing="Free"), kind="VLLM", model="llama-3.3-70b")) == 0


def test_an_entry_without_prices_leaves_the_catalogs() -> None:
    found = facts(entry("small", "gpt-4o", capabilities={"contextTokens": 8_000}))

    assert (cost_usd(found), found.traits.context_tokens, found.traits.max_output_tokens) == (2.5, 8_000, 16_384)


def test_an_entry_says_of_each_capability_what_it_is() -> None:
    said = {
        "maxOutputTokens": 99,
        "reasoning": "Budget",
        "jsonSchema": "Unsupported",
        "sampling": "Unsupported",
        "prefill": "Unsupported",
        "maxCompletionTokens": "Unsupported",
        "developerRole": "Unsupported",
        "laterSystem": "Supported",
        "unsignedCalls": "Unsupported",
    }

    traits = facts(entry("all", "x", capabilities=said), model="x").traits

    assert (traits.max_output_tokens, traits.context_tokens, traits.reasoning) == (99, 0, ReasoningStyle.BUDGET)
    assert traits.takes_later_system
    refused = ("json_schema", "sampling", "prefill", "max_completion_tokens", "developer_role", "unsigned_calls")
    assert not any(getattr(traits, f"takes_{name}") for name in refused)


@mark.parametrize(
    ("weaker", "stronger"),
    [
        (entry("b", "gpt-4o", "platform", **usd("1")), entry("a", "gpt*", **usd("2"))),
        (entry("b", "gpt-4o", **usd("1")), entry("a", "gpt*", providerTypes=["OpenAI"], **usd("2"))),
        (
            entry("b", "gpt-4o", providerTypes=["OpenAI"], **usd("1")),
            entry("a", "gpt*", providerRefs=[{"name": "main"}], **usd("2")),
        ),
        (entry("b", "gpt-4o*", **usd("1")), entry("a", "gpt-4o", **usd("2"))),
        (entry("b", "gpt*", **usd("1")), entry("a", "gpt-4*", **usd("2"))),
        (entry("a", "gpt-4o", **usd("1")), entry("b", "gpt-4o", **usd("2"))),
    ],
    ids=["tenant over platform", "type", "provider over type", "exact over prefix", "longer prefix", "later name"],
)
def test_the_more_exact_entry_wins(weaker: Any, stronger: Any) -> None:
    assert cost_usd(facts(weaker, stronger)) == cost_usd(facts(stronger, weaker)) == 2


@mark.parametrize(
    "other",
    [
        entry("e", "gpt-4", **usd("9")),
        entry("e", "gpt-4o-mini*", **usd("9")),
        entry("e", "gpt-4o", providerTypes=["AzureOpenAI"], **usd("9")),
        entry("e", "gpt-4o", providerRefs=[{"name": "other"}], **usd("9")),
        entry("e", "gpt-4o", providerRefs=[{"name": "main", "tenant": "platform"}], **usd("9")),
        entry("e", "gpt-4o", "rival", **usd("9")),
    ],
    ids=["a part of the name", "a longer prefix", "another type", "another provider", "its namesake", "another tenant"],
)
def test_entries_for_other_targets_mean_nothing(other: Any) -> None:
    assert cost_usd(facts(other)) == 2.5


def test_names_are_the_same_in_either_case() -> None:
    assert cost_usd(facts(entry("e", "GPT-4o", **usd("9")))) == 9


def test_who_does_not_own_the_provider_says_what_it_can_do_but_not_what_it_costs() -> None:
    tenants = entry("ours", "gpt-4o", pricing="Free", capabilities={"contextTokens": 8_000})

    found = facts(tenants, provider="platform/Provider/shared")

    assert (cost_usd(found), found.traits.context_tokens) == (2.5, 8_000)


@mark.parametrize(
    ("kind", "name", "known_as", "usd_per_million", "output_tokens"),
    [
        ("AzureOpenAI", "prod-chat", "gpt-4o", 2.5, 16_384),
        (
            "Bedrock",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc123",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
            1.1,
            64_000,
        ),
        ("VLLM", "prod", "openai/gpt-oss-20b", None, 131_072),
    ],
    ids=["an Azure deployment", "an inference profile", "a server of one's own"],
)
def test_a_name_of_one_s_own_may_be_known_as_another(
    kind: str, name: str, known_as: str, usd_per_million: float | None, output_tokens: int
) -> None:
    found = facts(entry("mine", name, knownAs=known_as), kind=kind, model=name)

    assert (cost_usd(found), found.traits.max_output_tokens) == (usd_per_million, output_tokens)
    assert facts(kind=kind, model=name).price is None


def test_the_stronger_entry_says_as_what_a_name_is_known() -> None:
    weak, strong = entry("a", "prod*", knownAs="gpt-4o-mini"), entry("b", "prod", knownAs="gpt-4o")

    assert cost_usd(facts(strong, weak, model="prod")) == 2.5


def test_who_does_not_own_the_provider_cannot_price_it_by_another_name() -> None:
    found = facts(entry("ours", "gpt-4o", knownAs="gpt-4.1-nano"), provider="platform/Provider/shared")

    assert (cost_usd(found), found.traits.max_output_tokens) == (2.5, 32_768)


def test_the_platform_prices_the_providers_of_tenants_that_do_not() -> None:
    assert cost_usd(facts(entry("all", "gpt*", "platform", **usd("3")))) == 3


def test_prices_have_tiers_and_dates() -> None:
    period = {
        "validFrom": "2026-06-01T00:00:00Z",
        "perMillionTokens": {"inputUncached": "1"},
        "tiers": [{"aboveTokens": 200_000, "perMillionTokens": {"inputUncached": "4"}}],
        "perThousandRequests": "1",
    }
    found = facts(entry("e", "gpt-4o", pricing="Own", prices=[period]))

    assert found.price is not None
    assert cost_nanousd(Usage(input_uncached=1_000), found.price, 1.8e9) == 1_000_000 + 1_000_000
    assert cost_usd(found) == 4.001
    assert cost_nanousd(Usage(input_uncached=1_000), found.price, 1.7e9) is None


@mark.parametrize("change", ["added", "changed", "removed"])
def test_what_depends_on_entries_is_made_anew(change: str) -> None:
    before = build(*([] if change == "added" else [entry("e", "gpt-4o", **usd("1"))]))
    path, new = entry("e", "gpt-4o", **usd("2"))
    recipes = {"Model": lambda build, _: facts_of(build, Asked("OpenAI", "acme/Provider/main", "gpt-4o", "acme"))}
    first = Build(before.finish(), recipes)
    model = "acme/Model/chat"
    first.put(model, new)
    first.make(model)
    second = Build(first.finish(), recipes)

    stale = second.invalidate(second.remove(path) if change == "removed" else second.put(path, new))

    assert stale == {model}
    made = second.make(model)
    assert isinstance(made, TargetFacts)
    assert cost_usd(made) == (2.5 if change == "removed" else 2)


def test_each_target_finds_its_entry_among_many() -> None:
    many = build(*(entry(f"e{number}", f"model-{number}*", **usd("1")) for number in range(100)))

    found = [facts_of(many, Asked("OpenAI", "acme/Provider/main", f"model-{number}-x", "acme")) for number in range(99)]

    assert {cost_usd(each) for each in found} == {1}
