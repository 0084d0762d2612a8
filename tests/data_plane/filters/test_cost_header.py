"""The header that tells what an answer has cost."""

from pytest import mark

from data_plane.errors import BadGateway
from data_plane.exchange import Exchange, Request, Response, Timeouts
from data_plane.filters.cost_header import CostHeaderFilter, usd
from data_plane.llm.price import Period, Price, Tier
from data_plane.usage import Usage
from tests.fakes.filters import Act
from tests.fakes.gateway import Gateway, basic, post, route
from tests.fakes.sides import Sides, run_through, unchunk

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

    def output_text(self) -> str:
        return ""


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


@mark.parametrize(("said", "are_told"), [({"costHeader": "Show"}, True), ({}, False)], ids=["shown", "by default"])
def test_the_route_says_whether_clients_are_told(said: dict[str, str], are_told: bool) -> None:
    answer = Gateway(basic() | dict([route(models={"matchLabels": {}, **said})])).ask(post())
    made = answer.exchange
    made.meter, made.price, made.status = Meter(USED), PRICE, 200

    for _, hook in answer.plan.stream:
        hook(made)

    assert (made.cost_line is not None) == are_told


def served(pieces: list[bytes], *, at_once: bool = False, usage: Usage | None = USED) -> Sides:
    """An answer in so many reads, through a run whose plan has the filter."""

    def begin(made: Exchange) -> None:
        made.meter, made.price = Meter(usage), PRICE

    sides = run_through(Act(begin), CostHeaderFilter(lambda: 0.0))
    sides.run.start()
    length = sum(map(len, pieces))
    sides.run.on_response(Response(200, [(b"content-type", b"application/json")], length), pieces[0], at_once)
    for number, piece in enumerate(pieces[1:], start=2):
        assert sides.client.written == []
        sides.run.on_body(piece, number == len(pieces))
    return sides


def head_of(sides: Sides) -> bytes:
    return b"".join(sides.client.written).partition(b"\r\n\r\n")[0] + b"\r\n"


@mark.parametrize("pieces", [[b'{"a":1}'], [b'{"a"', b":1}"], [b"", b'{"a":', b"1}"]], ids=["whole", "two", "three"])
def test_the_header_goes_out_before_the_answer_however_it_comes(pieces: list[bytes]) -> None:
    sides = served(pieces, at_once=len(pieces) == 1)

    assert head_of(sides).count(b"x-isthmus-cost: 0.00125\r\n") == 1
    assert unchunk(sides.client.body) == b'{"a":1}'
    assert sides.client.ends == ["finished"]


def test_an_answer_whose_cost_is_unknown_goes_out_without() -> None:
    sides = served([b'{"a"', b":1}"], usage=None)

    assert b"x-isthmus-cost" not in head_of(sides)
    assert unchunk(sides.client.body) == b'{"a":1}'


def test_a_failure_is_told_without_a_cost() -> None:
    sides = served([b'{"a"'])
    sides.run.on_failure(BadGateway("it broke"))

    assert sides.client.status == b"502"
    assert b"x-isthmus-cost" not in head_of(sides)
