"""Steps are told apart in process, down to a microsecond."""

import asyncio

import pytest

from benchmarks.in_process import InProcess, Network, Traffic
from benchmarks.results import Step as Figures
from benchmarks.steps import MIN_ROUNDS, PLANTED, Measured, Step, all_steps, measure_all, shows_plant, summary, table

TRIES = 3  # other work on the machine may spoil one


def test_a_planted_microsecond_shows() -> None:
    plant = [step for step in all_steps() if step.name == PLANTED]
    figures: list[Measured] = []
    while len(figures) < TRIES and not any(shows_plant(each) for each in figures):
        figures.append(measure_all(plant, rounds=MIN_ROUNDS, requests=200)[PLANTED])
    assert shows_plant(figures[-1]), [each.cost for each in figures]


@pytest.mark.parametrize("step", all_steps(), ids=lambda step: step.name)
def test_each_side_of_a_step_is_served(step: Step) -> None:
    (measured,) = measure_all([step], rounds=2, requests=2).values()
    assert len(measured.with_it) == len(measured.without) == 2


def test_a_request_that_is_refused_is_no_figure() -> None:
    step = all_steps()[0].without
    wrong = Traffic((step.traffic.requests[0].replace(b"isk_", b"isx_"),), step.traffic.answer)
    with asyncio.Runner(loop_factory=Network) as runner, pytest.raises(RuntimeError, match="nothing went upstream"):
        runner.run(_warm(step.resources, wrong))


async def _warm(resources: dict[str, bytes], traffic: Traffic) -> None:
    await InProcess(resources, traffic).warm()


def test_a_cost_is_the_difference_of_minima_for_each_part() -> None:
    measured = Measured((10.0, 20.0, 11.0), (16.0, 14.0, 17.0), parts=2)
    assert (measured.cost, measured.median_cost) == (2.0, 3.0)
    assert table({"x": measured}).splitlines()[2].split() == [
        "x",
        "10.00",
        "(11.00)",
        "14.00",
        "(16.00)",
        "2.00",
        "(3.00)",
    ]
    assert summary({"x": measured}) == {"x": Figures(10.0, 14.0, 2.0, 3.0)}
