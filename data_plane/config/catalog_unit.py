"""What is known of a target: from the built-in catalog, and from the CatalogEntries of the platform and of the tenant.

Entries are laid over the catalog one by one: the platform's before the tenant's, then general ones before those for a
type of provider, those before ones for a Provider, shorter names before longer, and prefixes before exact names. Of
each, what it says replaces what was known.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import structs as msgspec_structs

from config_schemas.base import PLATFORM_TENANT
from config_schemas.catalog.lookup import Known, look_up
from config_schemas.catalog.price import Period, PriceTable, Tier
from data_plane.config import structs
from data_plane.config.price_table import FREE, compile_price
from data_plane.config.state import Build
from data_plane.llm.price import Price
from data_plane.llm.traits import ReasoningStyle, Traits

KIND = "CatalogEntry"
STYLES = {
    "None": ReasoningStyle.NONE,
    "Effort": ReasoningStyle.EFFORT,
    "Budget": ReasoningStyle.BUDGET,
    "Adaptive": ReasoningStyle.ADAPTIVE,
}
# Traits, by what a CatalogEntry calls them.
SUPPORT = {
    "json_schema": "takes_json_schema",
    "sampling": "takes_sampling",
    "prefill": "takes_prefill",
    "max_completion_tokens": "takes_max_completion_tokens",
    "developer_role": "takes_developer_role",
    "later_system": "takes_later_system",
    "unsigned_calls": "takes_unsigned_calls",
}


UNLISTED_KIND = "Chat"  # what is said of a model of which nothing is known


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What a target's model can do and costs. `price` None: not known, which is not free. `name`: its maker's.

    `kind`: empty where nobody knows.
    """

    traits: Traits
    price: Price | None
    name: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """Of which target: `provider_path` is the path of its Provider, `model` the provider's name for the model."""

    provider_type: str
    provider_path: str
    model: str
    tenant: str  # of the Model


def facts_of(build: Build, asked: Asked) -> TargetFacts:
    """Takes note of all CatalogEntries, so that what changes there is made anew."""
    entries = _entries(build, asked)
    known = _known(asked, entries)
    priced = _known(asked, [each for each in entries if _may_price(each, asked)]).priced
    traits = _traits(known)
    price = None if priced is None else compile_price(priced.price)
    for entry in entries:
        traits = _changed(traits, entry.spec.capabilities)
        if entry.spec.pricing != "Catalog" and _may_price(entry, asked):
            price = _own_price(entry)
    is_listed = known.priced is not None or known.facts.kind != UNLISTED_KIND
    return TargetFacts(traits, price, known.name, known.facts.kind if is_listed else "")


def _known(asked: Asked, entries: list[structs.CatalogEntry]) -> Known:
    """By the provider's name for it, or by the one that the strongest of these entries gives."""
    names = [each.spec.known_as for each in entries if each.spec.known_as is not None]
    return look_up(asked.provider_type, names[-1] if names else asked.model)


def _traits(known: Known) -> Traits:
    facts = known.facts
    return Traits(
        max_output_tokens=facts.max_output_tokens,
        context_tokens=known.context_tokens,
        reasoning=ReasoningStyle(facts.reasoning),
        takes_json_schema=facts.takes_json_schema,
        takes_sampling=facts.takes_sampling,
        takes_prefill=facts.takes_prefill,
        takes_max_completion_tokens=facts.takes_max_completion_tokens,
        takes_developer_role=facts.takes_developer_role,
        takes_later_system=facts.takes_later_system,
        takes_unsigned_calls=facts.takes_unsigned_calls,
    )


def _entries(build: Build, asked: Asked) -> list[structs.CatalogEntry]:
    """Those that mean the target, the weakest first."""
    return sorted(_meant(build, asked), key=_rank)


def _meant(build: Build, asked: Asked) -> Iterator[structs.CatalogEntry]:
    for tenant in dict.fromkeys((PLATFORM_TENANT, asked.tenant)):
        for entry in build.contents(tenant, KIND):
            if isinstance(entry, structs.CatalogEntry) and _means(entry, asked):
                yield entry


def _means(entry: structs.CatalogEntry, asked: Asked) -> bool:
    spec = entry.spec
    value, name = spec.model.value.lower(), asked.model.lower()
    if not (name == value or (spec.model.type == "Prefix" and name.startswith(value))):
        return False
    if spec.provider_types and asked.provider_type not in spec.provider_types:
        return False
    return not spec.provider_refs or asked.provider_path in _provider_paths(entry)


def _provider_paths(entry: structs.CatalogEntry) -> list[str]:
    own = entry.metadata.tenant
    return [f"{each.tenant or own}/Provider/{each.name}" for each in entry.spec.provider_refs]


def _rank(entry: structs.CatalogEntry) -> tuple[bool, bool, bool, bool, int, str]:
    spec, metadata = entry.spec, entry.metadata
    return (
        metadata.tenant != PLATFORM_TENANT,
        bool(spec.provider_refs),
        bool(spec.provider_types),
        spec.model.type == "Exact",
        len(spec.model.value),
        metadata.name,
    )


def _may_price(entry: structs.CatalogEntry, asked: Asked) -> bool:
    """Whoever pays the provider's bill says what it is: a tenant could else call free what others pay for."""
    owner = asked.provider_path.partition("/")[0]
    return entry.metadata.tenant in (owner, PLATFORM_TENANT)


def _own_price(entry: structs.CatalogEntry) -> Price | None:
    metadata, spec = entry.metadata, entry.spec
    version = f"{metadata.tenant}/{KIND}/{metadata.name}@{metadata.generation}"
    if spec.pricing == "Free":
        return compile_price(FREE, version)
    return compile_price(PriceTable(version, tuple(_period(each) for each in spec.prices)))


def _period(period: structs.PricePeriod) -> Period:
    return Period(
        {str(bucket): usd for bucket, usd in period.per_million_tokens.items()},
        tuple(
            Tier(each.above_tokens, {str(bucket): usd for bucket, usd in each.per_million_tokens.items()})
            for each in period.tiers
        ),
        period.valid_from or "",
        period.valid_until or "",
        None,
        period.per_thousand_requests or "",
    )


def _changed(traits: Traits, said: structs.Capabilities) -> Traits:
    changes: dict[str, object] = {
        trait: getattr(said, name) == "Supported" for name, trait in SUPPORT.items() if getattr(said, name) is not None
    }
    if said.context_tokens is not None:
        changes["context_tokens"] = said.context_tokens
    if said.max_output_tokens is not None:
        changes["max_output_tokens"] = said.max_output_tokens
    if said.reasoning is not None:
        changes["reasoning"] = STYLES[said.reasoning]
    return msgspec_structs.replace(traits, **changes) if changes else traits
