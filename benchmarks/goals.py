"""What the figures are to reach, and whether they do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.results import Results
from benchmarks.samples import OURS, Row

KIBIBYTE = 1024
SCALE = "5,000 routes, 300,000 keys"  # the step of `make bench-steps`


@dataclass(frozen=True, slots=True)
class Goal:
    """`limit`: the figure may be this, at most."""

    statement: str
    limit: float
    unit: str
    measure: Callable[[Results], float | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal with what was measured, or None where nothing was."""

    goal: Goal
    figure: float | None

    @property
    def met(self) -> bool | None:
        return None if self.figure is None else self.figure <= self.goal.limit


def verdicts(results: Results) -> list[Verdict]:
    """One for each goal."""
    return [Verdict(goal, goal.measure(results)) for goal in GOALS]


def _ours(scenario: str, read: Callable[[Row], float | None]) -> Callable[[Results], float | None]:
    def measure(results: Results) -> float | None:
        row = results.find(scenario, OURS, 64) or results.find(scenario, OURS)
        return None if row is None else read(row)

    return measure


def _ratio(scenario: str) -> Callable[[Results], float | None]:
    return _ours(scenario, lambda row: row.ratio_to_nginx)


def _against(other: str) -> Callable[[Results], float | None]:
    """Our processor time beside another system's at the same point."""

    def measure(results: Results) -> float | None:
        ours, theirs = results.find("chat_relay", OURS, 64), results.find("chat_relay", other, 64)
        return ours.cpu_us / theirs.cpu_us if ours and theirs else None

    return measure


def _added_by_tls(scenario: str) -> Callable[[Results], float | None]:
    """Beyond the same traffic without TLS. Of minima: the two were not measured in turns."""

    def measure(results: Results) -> float | None:
        with_tls, without = results.find(scenario, OURS), results.find("chat_relay", OURS, 64)
        return with_tls.cpu_us_min - without.cpu_us_min if with_tls and without else None

    return measure


def _step(name: str) -> Callable[[Results], float | None]:
    return lambda results: max(0.0, results.steps[name].cost_us) if name in results.steps else None


def _times(name: str) -> Callable[[Results], float | None]:
    """With a step, beside without it."""

    def measure(results: Results) -> float | None:
        step = results.steps.get(name)
        return None if step is None else step.with_us / step.without_us

    return measure


GOALS: Sequence[Goal] = (
    Goal("chat, c=64, 17 header fields", 2.0, "x nginx", _ratio("chat_relay")),
    Goal("the same, beside nginx with Lua", 1.0, "x nginx+lua", _against("nginx+lua")),
    Goal("the same, beside Envoy", 1.0, "x envoy", _against("envoy")),
    Goal("paced streams, an event", 1.2, "x nginx", _ratio("sse_paced")),
    Goal("burst streams, a stream", 1.0, "x nginx", _ratio("sse_burst")),
    Goal("1 MiB chat, held", 2.0, "x nginx", _ratio("body_1m_chat")),
    Goal("1 MiB to a Service, streamed", 1.5, "x nginx", _ratio("body_1m_rest")),
    Goal("TLS with clients, added", 12, "us", _added_by_tls("chat_relay_tls_in")),
    Goal("TLS with the upstream, added", 12, "us", _added_by_tls("chat_relay_tls_up")),
    Goal("half load, added p99", 1000, "us", _ours("half_load", lambda row: row.extra["added_p99_us"])),
    Goal(
        "10,000 idle connections, each",
        10,
        "KiB",
        _ours("idle_connections", lambda row: row.extra["bytes_per_connection"] / KIBIBYTE),
    ),
    Goal("OpenAI's client at Anthropic", 3.0, "x relay", _times("chat to Anthropic")),
    Goal("Anthropic's client at OpenAI", 3.0, "x relay", _times("messages to OpenAI")),
    Goal("an event of Anthropic's, translated", 10, "us", _step("event of Anthropic's")),
    Goal("an event for Anthropic's client", 10, "us", _step("event for Anthropic's")),
    Goal(f"{SCALE}, added", 0.5, "us", _step(SCALE)),
)
