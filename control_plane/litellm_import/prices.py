"""Prices of a deployment, as a CatalogEntry has them: USD for a million tokens, by bucket."""

from collections.abc import Mapping
from decimal import Decimal

from control_plane.litellm_import.entry import Entry

# LiteLLM's prices are of one token; it takes them from either place, `litellm_params` first.
BUCKETS: Mapping[str, str] = {
    "input_cost_per_token": "inputUncached",
    "output_cost_per_token": "output",
    "cache_read_input_token_cost": "cacheRead",
    "cache_creation_input_token_cost": "cacheWrite5m",
    "cache_creation_input_token_cost_above_1hr": "cacheWrite1h",
    "output_cost_per_reasoning_token": "reasoning",
    "input_cost_per_audio_token": "inputAudio",
    "output_cost_per_audio_token": "outputAudio",
}
MAX_USD = 1_000_000  # for a million tokens; below that
NANO = Decimal("0.000000001")


def read_prices(parameters: Entry, info: Entry) -> dict[str, str]:
    """By bucket; empty if nothing is said. All of them 0: it is free."""
    found: dict[str, str] = {}
    for key, bucket in BUCKETS.items():
        for entry in (info, parameters):
            given = entry.number(key)
            if given is None:
                continue
            usd = _for_a_million(given)
            if usd is None:
                entry.say(key, "NotMapped", f"a price is from 0 to {MAX_USD} USD for a million tokens", "write it so")
                continue
            found[bucket] = usd
    return found


def is_free(prices: Mapping[str, str]) -> bool:
    return all(Decimal(each) == 0 for each in prices.values())


def _for_a_million(given: float) -> str | None:
    usd = Decimal(str(given)) * 1_000_000  # as it was written, not as a binary fraction
    if not 0 <= usd < MAX_USD:
        return None
    text = f"{usd.quantize(NANO):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
