"""The header that tells what an answer has cost."""

from pytest import mark

from data_plane.exchange import Exchange, Request, Timeouts
from data_plane.filters.cost_header import CostHeaderFilter, usd
from data_plane.llm.price import Period, Price, Tier
from data_plane.usage import Usage

USED = Usage(output=1_250)
PRICE = Price("test 1", (), Period((Tier(-1, (1_000_000_000,) * 9),)))  # a micro-USD a token


class Meter:
    """Knows what was used once it has read everything."""

    def __init__(self, usage: Usage | None) -> None:
        self.found = usage

    def feed(self, data: bytes) -> None: ...

    def fault(self) -> None: ...

    def usage(self) -> Usage | None:
        return self.found

    def is_final(self) -> bool:
        return True

    def output_bytes(self) -> int:
        return 0


def exchange(usage: Usage | None = USED, price: Price | None = PRICE, status: int = 200) -> Exchange:
    made = Exchange(Request(b"POST", b"/", b"", {}), "acme/chat", "openai", "chat", b"/", "id", 100.0, 1, Timeouts())
    made.meter, made.price, made.status = Meter(usage), price, status
    return made


def line(made: Exchange) -> bytes | None:
    transform = CostHeaderFilter(lambda: 0.0).on_stream(made)
    assert (transform is None) == (made.cost_line is None)
    return None if made.cost_line is None else made.cost_line()


def test_an_answer_is_held_unchanged_and_its_cost_told() -> None:
    made = exchange()
    transform = CostHeaderFilter(lambda: 0.0).on_stream(made)

    assert transform is not None and made.cost_line is not None
    assert transform.feed([b"{}"]) == [b"{}"] and transform.close() == []
    assert made.cost_line() == b"x-isthmus-cost: 0.00125\r\n"


def test_a_stream_is_not_held_and_tells_nothing() -> None:
    made = exchange()
    made.stream = True

    assert line(made) is None


@mark.parametrize("made", [exchange(status=400), exchange(price=None)], ids=["a refusal", "without a price"])
def test_what_has_no_cost_is_not_held(made: Exchange) -> None:
    assert line(made) is None


def test_what_no_meter_reads_is_not_held() -> None:
    made = exchange()
    made.meter = None

    assert line(made) is None


def test_an_unknown_cost_is_not_told() -> None:
    unpriced = Price("test 1", (), Period((Tier(-1, (-1,) * 9),)))

    assert line(exchange(usage=None)) == b""
    assert line(exchange(price=unpriced)) == b""


@mark.parametrize(
    ("nanousd", "text"),
    [(0, "0"), (1, "0.000000001"), (1_250_000, "0.00125"), (1_000_000_000, "1"), (12_340_000_000, "12.34")],
)
def test_usd_are_decimal_numbers(nanousd: int, text: str) -> None:
    assert usd(nanousd) == text
