"""Forms are streamed once it is known what they name."""

import asyncio
from random import Random

import pytest

from data_plane.errors import Overloaded
from data_plane.exchange import Exchange, Outcome
from data_plane.pipeline.filter import BodyMode, Filter
from data_plane.pipeline.plan import compile_plan
from tests.fakes.filters import Spy
from tests.fakes.sides import FakeWay, Sides, answer, between_fakes, turns

MODEL = b'--b\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper\r\n'
FILE = b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"RIFF" * 100 + b"\r\n"
END = b"--b--\r\n"


class Reader(Spy):
    """Knows what a form names. Answers with a wait if `waits`."""

    body_mode = BodyMode.FORM

    def __init__(self) -> None:
        super().__init__()
        self.models: list[str | None] = []

    def on_request(self, exchange: Exchange) -> None:
        assert exchange.form is not None
        exchange.form.fix()
        self.models.append(exchange.form.text("model"))


class SlowReader(Reader):
    async def on_request(self, exchange: Exchange) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        super().on_request(exchange)


class Holder(Spy):
    """Wants the whole body."""

    body_mode = BodyMode.HEAD

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[bytes] = []

    def on_request(self, exchange: Exchange) -> None:
        self.bodies.append(exchange.request.body)


def begin(*filters: Filter, then: tuple[Filter, ...] = (), has_body: bool = True) -> tuple[Sides, FakeWay]:
    way = FakeWay()
    full = compile_plan((*filters, *then), dispatcher=way, entered=len(filters))
    sides = between_fakes(compile_plan(filters, next_plan=lambda exchange: full), has_body=has_body)
    sides.exchange.operation = "transcriptions"
    sides.exchange.request.headers[b"content-type"] = b"multipart/form-data; boundary=b"
    sides.run.start()
    return sides, way


def sent(way: FakeWay) -> bytes:
    return b"".join([body for body, _ in way.sent] + [data for data, _ in way.upstream.sent])


def test_a_form_whose_model_stands_first_is_streamed() -> None:
    reader = Reader()
    sides, way = begin(reader)
    sides.run.on_request_body(MODEL + FILE[:70], False)

    assert (reader.models, way.sent) == (["whisper"], [(MODEL + FILE[:70], True)])
    sides.send_body(FILE[70:] + END, 100)
    answer(sides)

    assert sent(way) == MODEL + FILE + END
    assert way.upstream.sent[-1][1]
    assert (sides.client.status, reader.outcomes) == (b"200", [Outcome.COMPLETED])


def test_a_form_whose_file_stands_first_is_held() -> None:
    reader = Reader()
    sides, way = begin(reader)
    sides.run.on_request_body(FILE, False)

    assert (reader.models, sides.run.holds_body) == ([], True)
    sides.send_body(MODEL + END)

    assert (reader.models, way.sent) == (["whisper"], [(FILE + MODEL + END, False)])


def test_a_form_that_has_come_with_its_head_is_whole() -> None:
    way, reader = FakeWay(), Reader()
    sides = between_fakes(compile_plan((reader,), dispatcher=way))
    sides.exchange.request.headers[b"content-type"] = b"multipart/form-data; boundary=b"
    sides.exchange.request.body = MODEL + FILE + END
    sides.run.start()

    assert (reader.models, way.sent) == (["whisper"], [(MODEL + FILE + END, False)])


def test_a_later_filter_that_wants_the_whole_body_gets_it() -> None:
    holder = Holder()
    sides, way = begin(Reader(), then=(holder,))
    sides.run.on_request_body(MODEL + FILE[:70], False)
    assert (holder.bodies, way.sent, sides.run.holds_body) == ([], [], True)
    sides.send_body(FILE[70:] + END, 100)

    assert (holder.bodies, way.sent) == ([MODEL + FILE + END], [(MODEL + FILE + END, False)])


async def test_what_comes_while_a_filter_waits_follows_the_beginning() -> None:
    sides, way = begin(SlowReader())
    sides.run.on_request_body(MODEL + FILE[:70], False)
    assert sides.client.asked == ["read", "pause"]
    sides.run.on_request_body(FILE[70:90], False)
    await turns()
    assert (way.sent, way.upstream.sent) == ([(MODEL + FILE[:70], True)], [(FILE[70:90], False)])
    assert sides.client.asked == ["read", "pause", "resume"]


async def test_what_ends_while_a_filter_waits_is_whole() -> None:
    sides, way = begin(SlowReader())
    sides.run.on_request_body(MODEL + FILE[:70], False)
    sides.run.on_request_body(FILE[70:] + END, True)
    await turns()

    assert way.sent == [(MODEL + FILE + END, False)]


@pytest.mark.parametrize(
    "rest, says",
    [
        pytest.param(FILE[70:] + MODEL + END, "twice", id="another model behind the file"),
        pytest.param(FILE[70:], "ends before", id="cut short"),
        pytest.param(FILE[70:] + END + b"more", "behind the last", id="more"),
        pytest.param(
            FILE[70:] + MODEL.replace(b"model", b"stream") + END, "`stream` must stand before", id="a late field"
        ),
    ],
)
def test_a_form_that_turns_out_malformed_never_ends_upstream(rest: bytes, says: str) -> None:
    spy = Reader()
    sides, way = begin(spy)
    sides.run.on_request_body(MODEL + FILE[:70], False)
    sides.send_body(rest, 50)

    assert sides.client.status == b"400" and says.encode() in sides.client.body
    assert "abort" in way.upstream.calls and not any(last for _, last in way.upstream.sent)
    assert spy.outcomes == [Outcome.REFUSED]


@pytest.mark.parametrize(
    "headers, status",
    [
        ({b"content-type": b"application/json"}, b"415"),
        ({}, b"415"),
        ({b"content-type": b"multipart/form-data; boundary="}, b"400"),
        ({b"content-type": b"multipart/form-data; boundary=b", b"content-encoding": b"gzip"}, b"415"),
    ],
)
def test_what_is_no_form_is_refused_before_it_is_read(headers: dict[bytes, bytes], status: bytes) -> None:
    sides = between_fakes(compile_plan((Reader(),), dispatcher=FakeWay()), has_body=True)
    sides.exchange.request.headers.update(headers)
    sides.run.start()

    assert (sides.client.status, sides.client.asked) == (status, [])


@pytest.mark.parametrize("seed", range(300))
async def test_every_byte_arrives_once_and_in_order(seed: int) -> None:
    random = Random(seed)
    parts = [MODEL, FILE, MODEL.replace(b"model", b"prompt")]
    random.shuffle(parts)
    body = b"".join(parts) + END
    reader = random.choice((Reader, SlowReader))()
    then = random.choice(((), (Spy(),), (Holder(),)))
    sides, way = begin(Spy(), reader, then=then)
    way.upstream.is_full = random.random() < 0.3
    rest = body
    while rest:
        size = random.choice((1, 5, 60, 400))
        data, rest = rest[:size], rest[size:]
        sides.client.has_read_body = not rest
        sides.run.on_request_body(data, not rest)
        if random.random() < 0.3:
            await turns(random.randrange(5))
    await turns()
    answer(sides)

    assert sent(way) == body
    assert (sides.client.status, reader.models, reader.outcomes) == (b"200", ["whisper"], [Outcome.COMPLETED])


def test_who_sends_a_form_for_which_there_is_no_room_hears_how_it_needs_none() -> None:
    sides, way = begin(Reader())
    sides.run.on_request_body(FILE, False)
    sides.run.refuse_to_hold(Overloaded("no room"))

    assert sides.client.status == b"413" and b"send fields as `model` before" in sides.client.body and way.sent == []


def test_another_body_for_which_there_is_no_room_is_sent_again_later() -> None:
    sides = between_fakes(compile_plan((Holder(),), dispatcher=FakeWay()), has_body=True)
    sides.run.start()
    sides.run.refuse_to_hold(Overloaded("no room"))

    assert sides.client.status == b"503"
