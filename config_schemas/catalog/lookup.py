"""What is known of a model: by the type of its provider and the provider's name for it.

Prices are read from one file a provider when they are first asked for: 0.1 to 0.4 MB of memory each, OpenRouter 1.6 MB.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from config_schemas.catalog.clause import Test, dashed_date, exact_names, make_test
from config_schemas.catalog.family import Facts, facts_of
from config_schemas.catalog.model_name import bare_name, is_makers_name, plain_name, routed
from config_schemas.catalog.price import Period, PriceTable, Tier
from config_schemas.catalog.provider import CATALOG_IDS, CATALOG_PROVIDERS, ROUTED_PREFIX

MAX_REMEMBERED = 4096  # names, with what was found for them
# Whose models others sell at the maker's price, asked by the model's own name where the seller's file has none.
MAKERS: Mapping[str, tuple[str, ...]] = {
    "aws": ("anthropic",),
    "openrouter": ("anthropic", "openai", "google", "x-ai", "mistral", "deepseek"),
}

NOT_SOLD: Mapping[str, str] = {"Gemini": "claude"}  # in the same file, but sold by Vertex AI alone


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """A model in the file of `provider`, a catalog id. `context_tokens` 0: not known."""

    provider: str
    id: str
    context_tokens: int
    price: PriceTable
    is_deprecated: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a model: `priced` is None where no price is, `facts` are those of its family."""

    name: str  # the model's own
    facts: Facts
    priced: CatalogModel | None

    @property
    def context_tokens(self) -> int:
        """What the provider says before what the maker does; 0: not known."""
        listed = self.priced.context_tokens if self.priced is not None else 0
        return listed or self.facts.context_tokens


class ProviderFile:
    """One provider's models, in the order in which their clauses are asked."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.provider: str = document["provider"]
        self.version: str = document["version"]
        self.fallbacks: tuple[str, ...] = tuple(document["fallbacks"])
        self._models: list[Mapping[str, Any]] = document["models"]
        self._by_id = {each["id"].lower(): place for place, each in reversed(list(enumerate(self._models)))}
        self._exact: dict[str, int] = {}
        self._tests: list[tuple[int, Test]] = []
        for place, each in enumerate(self._models):
            for name in exact_names(each["match"]):
                self._exact.setdefault(name, place)
            rest = _without_exact(each["match"])
            if rest is not None:
                self._tests.append((place, make_test(rest)))

    def __iter__(self) -> Iterator[CatalogModel]:
        return (self._model(place) for place in range(len(self._models)))

    def find(self, name: str) -> CatalogModel | None:
        """By id, else by the first clause that takes the name, written with its date in one way or the other."""
        lower = name.lower()
        place = self._by_id.get(lower)
        if place is None:
            place = self._match(lower)
        if place is None and (dashed := dashed_date(lower)) != lower:
            place = self._match(dashed)
        return None if place is None else self._model(place)

    def _match(self, name: str) -> int | None:
        exact = self._exact.get(name)
        for place, test in self._tests:
            if exact is not None and place > exact:
                break
            if test(name):
                return place
        return exact

    def _model(self, place: int) -> CatalogModel:
        entry = self._models[place]
        table = PriceTable(self.version, tuple(_period(each) for each in entry["periods"]))
        return CatalogModel(
            self.provider, entry["id"], entry.get("contextTokens", 0), table, entry.get("isDeprecated", False)
        )


def find(catalog_id: str, name: str) -> CatalogModel | None:
    """A model in a provider's file, else in the files of those whose models it sells."""
    if catalog_id not in CATALOG_PROVIDERS:
        return None
    file = provider_file(catalog_id)
    plain = plain_name(catalog_id, name)
    found = file.find(name) or file.find(plain)
    if found is not None:
        return found
    asked = [(maker, plain) for maker in file.fallbacks]
    if is_makers_name(name):
        asked += [(maker, bare_name(name)) for maker in MAKERS.get(catalog_id, ())]
    return next((found for maker, each in asked if (found := provider_file(maker).find(each)) is not None), None)


@lru_cache(MAX_REMEMBERED)
def look_up(provider_type: str, name: str) -> Known:
    """All that is known of a model of a provider of this type (`Provider.spec.type`)."""
    bare = bare_name(name)
    prefix = ROUTED_PREFIX.get(provider_type)
    if prefix is not None:
        model, by = routed(name)
        return Known(bare, facts_of(bare), find(f"{prefix}{by}", model))
    catalog_id = CATALOG_IDS.get(provider_type)
    if catalog_id is None or NOT_SOLD.get(provider_type, "/") in bare:
        return Known(bare, facts_of(bare), None)
    return Known(bare, facts_of(bare), find(catalog_id, name))


@cache
def provider_file(catalog_id: str) -> ProviderFile:
    path = files("config_schemas.catalog").joinpath("prices", f"{catalog_id}.json")
    return ProviderFile(json.loads(path.read_bytes()))


def _without_exact(clause: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What is left of a clause when the names that it takes by `equals` are looked up elsewhere."""
    if "equals" in clause:
        return None
    if "or" not in clause:
        return clause
    left = [rest for each in clause["or"] if (rest := _without_exact(each)) is not None]
    return {"or": left} if left else None


def _period(entry: Mapping[str, Any]) -> Period:
    daily = entry.get("daily")
    return Period(
        entry["rates"],
        tuple(Tier(each["aboveTokens"], each["rates"]) for each in entry.get("tiers", ())),
        entry.get("validFrom", ""),
        entry.get("validUntil", ""),
        None if daily is None else (daily[0], daily[1]),
        entry.get("perThousandRequests", ""),
        entry.get("perThousandSearches", ""),
    )
