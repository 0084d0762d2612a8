"""Who is asked about again, and what becomes of those who may no longer."""

import logging

import pytest

from data_plane.exchange import Exchange
from data_plane.pipeline.plan import compile_plan
from data_plane.pipeline.watch import AT_A_TIME, Watched
from tests.fakes.sides import between_fakes


class Underway:
    def __init__(self) -> None:
        self.exchange = between_fakes(compile_plan(())).exchange
        self.revoked = 0

    def revoke(self) -> None:
        self.revoked += 1


async def test_those_that_are_not_admitted_are_revoked() -> None:
    watched, runs = Watched(), [Underway() for _ in range(2 * AT_A_TIME)]
    for run in runs:
        watched.add(run)
    watched.remove(runs[1].exchange)
    refused = {id(runs[0].exchange), id(runs[1].exchange), id(runs[-1].exchange)}
    await watched.recheck(lambda exchange: id(exchange) not in refused)
    assert len(watched) == len(runs) - 1
    assert [place for place, run in enumerate(runs) if run.revoked] == [0, len(runs) - 1]


async def test_what_cannot_be_checked_is_revoked(caplog: pytest.LogCaptureFixture) -> None:
    def fail(exchange: Exchange) -> bool:
        raise RuntimeError("a bug")

    watched, run = Watched(), Underway()
    watched.add(run)
    with caplog.at_level(logging.CRITICAL):
        await watched.recheck(fail)
    assert run.revoked == 1


def test_what_was_never_added_may_be_removed() -> None:
    Watched().remove(Underway().exchange)
