"""CatalogEntry: what a model can do and costs, where the built-in catalog does not know or is not to be followed."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config_schemas.base import Model, Reference, Resource, Text, Timestamp
from config_schemas.routing.model import ModelName
from config_schemas.routing.provider import ProviderTypeName

# As `config_schemas.catalog.price.BUCKETS`.
Bucket = Literal[
    "inputUncached",
    "cacheRead",
    "cacheWrite5m",
    "cacheWrite1h",
    "reasoning",
    "output",
    "inputAudio",
    "outputAudio",
    "inputImage",
]
Usd = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}(\.[0-9]{1,9})?$", max_length=16)]
Prices = Annotated[dict[Bucket, Usd], Field(min_length=1, max_length=9)]
Tokens = Annotated[int, Field(ge=1, le=1_000_000_000)]
Support = Literal["Supported", "Unsupported"]


class ModelMatch(Model):
    """Names of a model, as the targets of Models write them; letters count as the same in either case."""

    type: Literal["Exact", "Prefix"] = "Exact"
    value: ModelName


class Capabilities(Model):
    """What is not given stays as it was known. Requests are worded by this when they are translated.

    `prefill`: the last message may be the assistant's. `maxCompletionTokens`: OpenAI's newer name of the limit.
    `laterSystem`: a system message may stand after others. `unsignedCalls`: calls of tools that another provider has
    made are taken back without a signature.
    """

    context_tokens: Tokens | None = None
    max_output_tokens: Tokens | None = None
    reasoning: Literal["None", "Effort", "Budget", "Adaptive"] | None = None
    json_schema: Support | None = None
    sampling: Support | None = None
    prefill: Support | None = None
    max_completion_tokens: Support | None = None
    developer_role: Support | None = None
    later_system: Support | None = None
    unsigned_calls: Support | None = None


class PriceTier(Model):
    """Prices of all tokens of a request with more input than so many tokens. What is not given stays the same."""

    above_tokens: Tokens
    per_million_tokens: Prices


class PricePeriod(Model):
    """Prices in USD, and when they hold: from `validFrom` on, before `validUntil`; without either, there is no end.

    A bucket without a price is charged as what it is part of: cached and written input, audio and images as
    `inputUncached`, an hour's write as `cacheWrite5m`, reasoning and spoken output as `output`.
    """

    valid_from: Timestamp | None = None
    valid_until: Timestamp | None = None
    per_million_tokens: Prices
    tiers: Annotated[tuple[PriceTier, ...], Field(max_length=8)] = ()
    per_thousand_requests: Usd | None = None

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if self.valid_from is not None and self.valid_until is not None and self.begins >= self.ends:
            raise ValueError("`validUntil` must be later than `validFrom`")
        bounds = [tier.above_tokens for tier in self.tiers]
        if len(set(bounds)) < len(bounds):
            raise ValueError("`tiers` must have different `aboveTokens`")
        return self

    @property
    def begins(self) -> float:
        """Seconds since 1970."""
        return datetime.fromisoformat(self.valid_from).timestamp() if self.valid_from is not None else float("-inf")

    @property
    def ends(self) -> float:
        return datetime.fromisoformat(self.valid_until).timestamp() if self.valid_until is not None else float("inf")


class CatalogEntrySpec(Model):
    """Which models, at which providers (none named: at all), and what of them.

    `knownAs`: the name under which the built-in catalog knows the model, where the provider's is one's own: an Azure
    deployment, an inference profile, what a server of one's own is told to call it.
    `pricing: Own` takes `prices`; outside their periods the cost is unknown. `Free` is for what one hosts oneself: the
    cost is known, and 0. `Catalog` leaves the price to other entries and to the built-in catalog.
    """

    model: ModelMatch
    provider_types: Annotated[tuple[ProviderTypeName, ...], Field(max_length=32)] = ()
    provider_refs: Annotated[tuple[Reference, ...], Field(max_length=32)] = ()
    known_as: ModelName | None = None
    capabilities: Capabilities = Capabilities()
    pricing: Literal["Catalog", "Own", "Free"] = "Catalog"
    prices: Annotated[tuple[PricePeriod, ...], Field(max_length=64)] = ()
    description: Text = ""

    @model_validator(mode="after")
    def _has_prices_if_they_are_its_own(self) -> Self:
        if (self.pricing == "Own") != bool(self.prices):
            raise ValueError("`prices` are required with `pricing: Own`, and allowed only there")
        return self

    @model_validator(mode="after")
    def _has_one_price_at_a_time(self) -> Self:
        periods = sorted(self.prices, key=lambda each: each.begins)
        for earlier, later in pairwise(periods):
            if later.begins < earlier.ends:
                raise ValueError("`prices` must not overlap: each must end (`validUntil`) before the next begins")
        return self


class CatalogEntry(Resource):
    """What a model can do and costs. In the tenant `platform` it holds for every tenant; a tenant's own goes first.

    A price counts for the Providers of its own tenant; those of the platform are priced by the platform.
    """

    KIND: ClassVar[str] = "CatalogEntry"
    PLURAL: ClassVar[str] = "catalogentries"

    kind: Literal["CatalogEntry"] = "CatalogEntry"
    spec: CatalogEntrySpec
