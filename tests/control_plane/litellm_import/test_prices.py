"""Prices of deployments."""

from typing import Any

import pytest

from control_plane.litellm_import.entry import Entry
from control_plane.litellm_import.prices import is_free, read_prices


def read(**values: Any) -> dict[str, str]:
    return read_prices(Entry(values, "", []), Entry({}, "", []))


@pytest.mark.parametrize(
    ("given", "usd"),
    [(0.0000025, "2.5"), ("1e-6", "1"), (3e-6, "3"), (0, "0"), (1.5e-10, "0.00015"), (0.1, "100000")],
)
def test_a_price_is_of_a_million_tokens_as_it_was_written(given: object, usd: str) -> None:
    assert read(input_cost_per_token=given) == {"inputUncached": usd}


def test_parameters_go_before_information() -> None:
    findings = Entry({"output_cost_per_token": 2e-6}, "", []), Entry({"output_cost_per_token": 1e-6}, "", [])
    assert read_prices(*findings) == {"output": "2"}


@pytest.mark.parametrize("given", [-1, 1, "much", True, []])
def test_what_is_no_price_is_listed(given: object) -> None:
    entry = Entry({"input_cost_per_token": given}, "", [])
    assert read_prices(entry, Entry({}, "", [])) == {}
    assert [each.path for each in entry.findings] == ["input_cost_per_token"]


def test_zero_everywhere_is_free() -> None:
    assert is_free({"output": "0", "inputUncached": "0"})
    assert not is_free({"output": "0", "inputUncached": "0.1"})
