"""What a call has cost: the answer, and all attempts."""

from dataclasses import replace

from msgspec.structs import replace as with_fields
from pytest import mark

from data_plane.exchange import COMPLETED, Attempt, Exchange, Identity, Outcome, Request, Timeouts
from data_plane.filters.cost import CostFilter
from data_plane.llm.price import Period, Price, Tier
from data_plane.observability.metrics import Metrics
from data_plane.usage import Usage

NOW = 1_800_000_000.0
IDENTITY = Identity("acme", "", "shop", "key", "ApiKey")
ONE = Price("test 1", (), Period((Tier(-1, (1_000_000,) * 9),)))  # a nano-USD a token
TWO = with_fields(ONE, always=Period((Tier(-1, (2_000_000,) * 9),)))


def exchange(usage: Usage | None, price: Price | None, attempts: int = 1) -> Exchange:
    """Begun 10 s ago."""
    made = Exchange(Request(b"POST", b"/", b"", {}), "acme/chat", "openai", "chat", b"/", "id", 100.0, 1, Timeouts())
    made.usage, made.price, made.identity = usage, price, IDENTITY
    made.model, made.target, made.ended = "chat", "main/gpt", 110.0
    made.attempts = [Attempt("main/gpt", "h:443", 100.0 + number) for number in range(attempts)]
    return made


def complete(made: Exchange, metrics: Metrics | None = None, outcome: Outcome = COMPLETED) -> Exchange:
    CostFilter(metrics or Metrics(), lambda: NOW).on_complete(made, outcome)
    return made


def test_an_answer_costs_what_it_has_used() -> None:
    made = complete(exchange(Usage(input_uncached=5, output=2), ONE))

    assert (made.charged, made.incurred) == (7, 7)
    assert (made.attempts[0].usage, made.attempts[0].cost) == (made.usage, 7)


@mark.parametrize("outcome", [Outcome.CLIENT_GONE, Outcome.UPSTREAM_FAILED])
def test_what_ended_badly_costs_what_it_has_used(outcome: Outcome) -> None:
    assert complete(exchange(Usage(output=2), ONE), outcome=outcome).charged == 2


@mark.parametrize(
    ("usage", "price"), [(None, ONE), (Usage(output=2), None), (None, None)], ids=["usage", "price", "both"]
)
def test_without_usage_or_price_the_cost_is_unknown(usage: Usage | None, price: Price | None) -> None:
    made = complete(exchange(usage, price))

    assert (made.charged, made.incurred, made.attempts[0].cost) == (None, None, None)


def test_what_is_free_costs_nothing_and_is_known() -> None:
    free = with_fields(ONE, always=Period((Tier(-1, (0,) * 9),)))

    made = complete(exchange(Usage(output=2), free))

    assert (made.charged, made.incurred) == (0, 0)


def test_earlier_attempts_count_at_their_own_prices_towards_what_was_incurred() -> None:
    made = exchange(Usage(output=3), ONE, attempts=3)
    made.attempts[0].usage, made.attempts[0].price = Usage(output=10), TWO

    complete(made)

    assert (made.charged, made.incurred) == (3, 23)
    assert [attempt.cost for attempt in made.attempts] == [20, None, 3]


def test_one_attempt_without_a_price_makes_the_sum_unknown() -> None:
    made = exchange(Usage(output=3), ONE, attempts=2)
    made.attempts[0].usage = Usage(output=10)

    complete(made)

    assert (made.charged, made.incurred) == (3, None)


@mark.parametrize(
    ("begins", "cost"), [(NOW - 10, 2), (NOW - 9, None)], ids=["as it was when it began", "not as it is now"]
)
def test_the_price_is_that_of_when_the_call_began(begins: float, cost: int | None) -> None:
    dated = Price("test 1", (Period((Tier(-1, (1_000_000,) * 9),), begins=begins),))

    assert complete(exchange(Usage(output=2), dated)).charged == cost


def test_costs_are_counted_by_caller_and_model_and_what_has_none_by_target() -> None:
    metrics = Metrics()
    each = CostFilter(metrics, lambda: NOW)
    for made in (exchange(Usage(output=2), ONE), exchange(Usage(output=3), ONE), exchange(Usage(output=3), None)):
        each.on_complete(made, COMPLETED)
    stranger = exchange(Usage(output=4), ONE)
    stranger.identity = None
    each.on_complete(stranger, COMPLETED)
    other = exchange(Usage(output=5), ONE)
    other.identity = replace(IDENTITY, application="web")
    each.on_complete(other, COMPLETED)
    each.on_complete(exchange(None, None), COMPLETED)

    assert {labels: series.value for labels, series in metrics.cost.items()} == {
        ("acme", "shop", "chat"): 5,
        ("", "", "chat"): 4,
        ("acme", "web", "chat"): 5,
    }
    assert {labels: series.value for labels, series in metrics.unpriced.items()} == {("chat", "main/gpt"): 1}


def test_a_request_that_no_upstream_has_seen_costs_nothing_that_is_known() -> None:
    made = complete(exchange(None, None, attempts=0), outcome=Outcome.REFUSED)

    assert (made.charged, made.incurred) == (None, None)
