"""Shares of versions, by chance and by what sticks."""

from collections import Counter
from random import Random

import pytest

from data_plane.config.structs import Stickiness
from data_plane.exchange import Exchange, Identity
from data_plane.upstream.cluster import ModelVersion
from data_plane.upstream.dispatch import Dispatchers
from data_plane.upstream.pool import Pools
from data_plane.upstream.version_choice import VersionChoice
from tests.fakes.upstream import receiver

STABLE_CANARY = (ModelVersion("stable", 90, ()), ModelVersion("canary", 10, ()), ModelVersion("off", 0, ()))
BY_APPLICATION = Stickiness(by="Application")
BY_HEADER = Stickiness(by="Header", header="x-session")


def choose(stickiness: Stickiness | None, exchange: Exchange, seed: int = 1) -> str:
    return VersionChoice(STABLE_CANARY, stickiness, Random(seed).random).choose(exchange).name


def called_by(application: str, tenant: str = "default", **headers: str) -> Exchange:
    exchange = receiver(**headers).exchange
    exchange.identity = Identity(tenant, "", application, "", "ApiKey")
    return exchange


def test_without_stickiness_chance_follows_the_weights() -> None:
    choice = VersionChoice(STABLE_CANARY, None, Random(1).random)
    counts = Counter(choice.choose(called_by("app")).name for _ in range(5000))
    assert counts["canary"] == pytest.approx(500, abs=80)
    assert counts["off"] == 0


def test_an_application_stays_with_its_version_and_applications_spread() -> None:
    names = {f"app-{number}": choose(BY_APPLICATION, called_by(f"app-{number}"), number) for number in range(1000)}
    assert Counter(names.values())["canary"] == pytest.approx(100, abs=30)
    again = {name: choose(BY_APPLICATION, called_by(name), seed) for seed, name in enumerate(names, 7)}
    assert again == names


def test_applications_of_two_tenants_are_two() -> None:
    pairs = [
        (
            choose(BY_APPLICATION, called_by(f"app-{number}", "one")),
            choose(BY_APPLICATION, called_by(f"app-{number}", "two")),
        )
        for number in range(100)
    ]
    assert any(one != two for one, two in pairs)


def test_a_header_decides_whoever_calls() -> None:
    for number in range(50):
        names = {choose(BY_HEADER, called_by(app, x_session=f"s{number}"), number) for app in ("one", "two")}
        assert len(names) == 1


@pytest.mark.parametrize(
    ("stickiness", "exchange"),
    [
        pytest.param(BY_HEADER, called_by("app"), id="no header"),
        pytest.param(BY_APPLICATION, called_by(""), id="anonymous"),
        pytest.param(BY_APPLICATION, receiver().exchange, id="no identity"),
    ],
)
def test_without_a_key_chance_decides(stickiness: Stickiness, exchange: Exchange) -> None:
    assert {choose(stickiness, exchange, seed) for seed in range(100)} == {"stable", "canary"}


def test_what_was_chosen_once_stays() -> None:
    exchange = called_by("app")
    exchange.model_version = "canary"
    assert {choose(None, exchange, seed) for seed in range(50)} == {"canary"}


@pytest.mark.parametrize("stickiness", [None, BY_APPLICATION], ids=["by chance", "sticky"])
def test_the_dispatchers_choose_for_an_exchange_once(pools: Pools, stickiness: Stickiness | None) -> None:
    dispatchers = Dispatchers(pools, Random(3).random)
    for number in range(50):
        exchange = called_by(f"app-{number}")
        chosen = dispatchers.choose_version(STABLE_CANARY, stickiness, exchange)
        assert dispatchers.choose_version(STABLE_CANARY, stickiness, exchange) is chosen
        assert exchange.model_version == chosen.name
