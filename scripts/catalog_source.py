"""The catalog's prices, from the package genai-prices: one file a provider, one line a model."""

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from importlib.metadata import version
from typing import Any

from genai_prices import types
from genai_prices.data import providers

from config_schemas.catalog.provider import CATALOG_PROVIDERS

FREE_NAME = ":free"  # OpenRouter's variants that cost nothing; genai-prices gives them no price at all
FREE = {"rates": {"inputUncached": "0", "output": "0"}}
PLACES = Decimal("0.000000001")  # of a price in USD per million tokens: what cost is computed with
# Our buckets, by what genai-prices calls their prices.
BUCKET_KEYS: Mapping[str, str] = {
    "input_mtok": "inputUncached",
    "cache_read_mtok": "cacheRead",
    "cache_write_mtok": "cacheWrite5m",
    "cache_write_1h_mtok": "cacheWrite1h",
    "output_reasoning_mtok": "reasoning",
    "output_mtok": "output",
    "input_audio_mtok": "inputAudio",
    "output_audio_mtok": "outputAudio",
    "input_image_mtok": "inputImage",
}
# What is beside tokens.
OTHER_KEYS: Mapping[str, str] = {"requests_kcount": "perThousandRequests", "web_searches_kcount": "perThousandSearches"}


def catalog_files() -> dict[str, str]:
    """Text by the name of the file."""
    known = {provider.id: provider for provider in providers}
    return {f"{name}.json": _file(known[name]) for name in sorted(CATALOG_PROVIDERS)}


def _file(provider: types.Provider) -> str:
    head = {
        "provider": provider.id,
        "version": f"genai-prices {version('genai-prices')}",
        "pages": provider.pricing_urls or [],
        "fallbacks": [each for each in provider.fallback_model_providers or () if each in CATALOG_PROVIDERS],
    }
    lines = ",\n".join(_text(_model(model, provider.id)) for model in provider.models)
    return f'{_text(head)[:-1]},"models":[\n{lines}\n]}}\n'


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _model(model: types.ModelInfo, provider: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": model.id, "match": _clause(model.match)}
    if model.context_window:
        entry["contextTokens"] = model.context_window
    if model.deprecated:
        entry["isDeprecated"] = True
    if provider == "openrouter" and model.id.endswith(FREE_NAME) and not _has_prices(model):
        entry["periods"] = [FREE]
    else:
        prices = model.prices if isinstance(model.prices, list) else [types.ConditionalPrice(prices=model.prices)]
        entry["periods"] = [_period(price, is_first=not index) for index, price in enumerate(prices)]
    return entry


def _has_prices(model: types.ModelInfo) -> bool:
    return isinstance(model.prices, list) or any(value is not None for value in vars(model.prices).values())


def _clause(clause: Any) -> dict[str, Any]:
    match clause:
        case types.ClauseOr():
            return {"or": [_clause(each) for each in clause.or_]}
        case types.ClauseAnd():
            return {"and": [_clause(each) for each in clause.and_]}
    ((name, value),) = vars(clause).items()
    return {name: value}


def _period(price: types.ConditionalPrice, *, is_first: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    # The first counts whenever no other does, whatever its own condition.
    match None if is_first else price.constraint:
        case types.StartDateConstraint(start_date=start):
            found["validFrom"] = _midnight(start)
        case types.TimeOfDateConstraint() as daily:
            start_time, end_time = (types._utc_timetz(each) for each in (daily.start_time, daily.end_time))
            found["daily"] = [f"{each:%H:%M:%S}" for each in (start_time, end_time)]
    values = {key: value for key, value in vars(price.prices).items() if value is not None}
    found["rates"] = {BUCKET_KEYS[key]: _decimal(_base(value)) for key, value in values.items() if key in BUCKET_KEYS}
    tiers = list(_tiers(values))
    if tiers:
        found["tiers"] = tiers
    found |= {OTHER_KEYS[key]: _decimal(_base(value)) for key, value in values.items() if key in OTHER_KEYS}
    return found


def _tiers(values: Mapping[str, Decimal | types.TieredPrices]) -> Iterator[dict[str, Any]]:
    """A tier for each number of tokens at which any price changes, with all prices that are then not the base's."""
    tiered = {BUCKET_KEYS[key]: value for key, value in values.items() if isinstance(value, types.TieredPrices)}
    for above in sorted({tier.start for value in tiered.values() for tier in value.tiers}):
        rates = {
            bucket: _decimal([tier.price for tier in value.tiers if tier.start <= above][-1])
            for bucket, value in tiered.items()
            if any(tier.start <= above for tier in value.tiers)
        }
        yield {"aboveTokens": above, "rates": rates}


def _base(value: Decimal | types.TieredPrices) -> Decimal:
    return value.base if isinstance(value, types.TieredPrices) else value


def _decimal(value: Decimal) -> str:
    text = f"{value.quantize(PLACES, ROUND_HALF_UP):f}" if value.as_tuple().exponent < -9 else f"{value:f}"  # type: ignore[operator]  # finite
    return text.rstrip("0").rstrip(".") if "." in text else text


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"
