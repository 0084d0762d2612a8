"""Claude's streams, out of Amazon's messages into Anthropic's events."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import httpx2
from anthropic import Anthropic, APIStatusError
from anthropic.lib.bedrock._stream_decoder import AWSEventStreamDecoder
from pytest import mark, param, raises

from data_plane.codecs.bedrock_invoke import InvokeReframer
from data_plane.codecs.sse import MAX_EVENT_BYTES, EventSplitter
from data_plane.codecs.sse_data import data_of, name_of
from data_plane.errors import BadGateway, GatewayError, InvalidUpstreamResponse, UpstreamCutShort
from tests.fakes.aws_event_stream import encode_message, error, event, exception

EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_bdrk_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 9, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "ping"},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Grüß\nGott \U0001f600"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 12}},
    {
        "type": "message_stop",
        "amazon-bedrock-invocationMetrics": {"inputTokenCount": 9, "outputTokenCount": 12},
    },
]


def chunk(data: dict[str, Any] | bytes) -> bytes:
    raw = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
    return event("chunk", {"bytes": b64encode(raw).decode()})


STREAM = b"".join(chunk(each) for each in EVENTS)


def reframed(*pieces: bytes) -> bytes:
    reframer = InvokeReframer()
    return b"".join([*(reframer.feed(piece) for piece in pieces), reframer.close()])


def read(stream: bytes) -> Iterator[tuple[str, Any]]:
    splitter = EventSplitter()
    for each in [*splitter.feed(stream), *splitter.close()]:
        yield name_of(each).decode(), json.loads(data_of(each))


def client_of(stream: bytes) -> Anthropic:
    transport = httpx2.MockTransport(
        lambda request: httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    )
    return Anthropic(api_key="k", http_client=httpx2.Client(transport=transport), max_retries=0)


def test_events_are_those_that_the_sdk_reads_from_bedrock_itself() -> None:
    wanted = [(each.event, json.loads(each.data)) for each in AWSEventStreamDecoder().iter_bytes(iter([STREAM]))]

    assert list(read(reframed(STREAM))) == wanted
    assert [data for _, data in wanted] == EVENTS


@mark.parametrize("size", [1, 7, 1000])
def test_pieces_of_any_size_give_the_same_events(size: int) -> None:
    assert reframed(*[STREAM[at : at + size] for at in range(0, len(STREAM), size)]) == reframed(STREAM)


def test_the_sdk_of_anthropic_reads_the_stream() -> None:
    with client_of(reframed(STREAM)).messages.stream(
        model="claude", max_tokens=9, messages=[{"role": "user", "content": "x"}]
    ) as stream:
        message = stream.get_final_message()

    assert message.content[0].type == "text" and message.content[0].text == "Grüß\nGott \U0001f600"
    assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 12)


def test_json_over_several_lines_becomes_one() -> None:
    data = json.dumps({"type": "message_stop", "a": [1, "b\nc"]}, indent=1).replace("\n", "\r\n").encode()

    assert list(read(reframed(chunk(data)))) == [("message_stop", {"type": "message_stop", "a": [1, "b\nc"]})]


@mark.parametrize(
    "message, kind, text",
    [
        (exception("throttlingException", {"message": "slow down"}), "rate_limit_error", "slow down"),
        (exception("validationException", {"message": "bad"}), "invalid_request_error", "bad"),
        (exception("internalServerException", {"message": "oh"}), "api_error", "oh"),
        (exception("modelStreamErrorException", {"message": "oh"}), "api_error", "oh"),
        (exception("modelTimeoutException", {"message": "late"}), "timeout_error", "late"),
        (exception("serviceUnavailableException", {"message": "busy"}), "api_error", "busy"),
        (exception("newException", {}), "api_error", "newException"),
        (error("InternalFailure", "it broke"), "api_error", "it broke"),
    ],
)
def test_an_exception_in_the_stream_is_an_error_event(message: bytes, kind: str, text: str) -> None:
    wanted = {"type": "error", "error": {"type": kind, "message": text}}

    assert list(read(reframed(chunk(EVENTS[0]), message)))[1:] == [("error", wanted)]


def test_the_sdk_of_anthropic_raises_what_an_exception_says() -> None:
    stream = reframed(chunk(EVENTS[0]), exception("throttlingException", {"message": "slow down"}))

    with raises(APIStatusError, match="slow down"):
        list(
            client_of(stream).messages.create(
                model="claude", max_tokens=9, messages=[{"role": "user", "content": "x"}], stream=True
            )
        )


def test_after_the_end_nothing_is_said() -> None:
    late = [chunk(EVENTS[1]), exception("throttlingException", {"message": "slow down"})]

    assert reframed(STREAM, *late) == reframed(STREAM)
    assert reframed(late[1], STREAM) == reframed(late[1])


def test_messages_of_other_kinds_are_passed_over() -> None:
    assert reframed(event("initial-response", {}), STREAM) == reframed(STREAM)


@mark.parametrize(
    "pieces",
    [
        param([], id="nothing"),
        param([STREAM[:-1]], id="inside a message"),
        param([chunk(EVENTS[0]), chunk(EVENTS[1])], id="between messages"),
    ],
)
def test_a_stream_that_ends_before_its_end_was_cut_short(pieces: list[bytes]) -> None:
    with raises(UpstreamCutShort):
        reframed(*pieces)


@mark.parametrize(
    "message",
    [
        param(event("chunk", {}), id="no bytes"),
        param(event("chunk", {"bytes": 1}), id="bytes of another type"),
        param(event("chunk", {"bytes": "a"}), id="no base64"),
        param(event("chunk", {"bytes": "ä"}), id="no ASCII"),
        param(event("chunk", {"bytes": "!" + b64encode(b'{"type": "ping"}').decode()}), id="base64 and more"),
        param(encode_message({":message-type": "event", ":event-type": "chunk"}, b"no JSON"), id="no JSON"),
        param(chunk(b"no JSON"), id="no JSON inside"),
        param(chunk(b"[]"), id="no object inside"),
        param(chunk({"type": 1}), id="type of another type"),
        param(chunk({"index": 1}), id="no type"),
        param(chunk({"type": "a\nevent: error"}), id="a type that would be lines"),
    ],
)
def test_what_is_no_event_is_an_error(message: bytes) -> None:
    with raises(InvalidUpstreamResponse):
        InvokeReframer().feed(message)


@mark.parametrize("at", range(len(chunk(EVENTS[4]))))
def test_each_damaged_byte_is_noticed(at: int) -> None:
    data = bytearray(chunk(EVENTS[4]))
    data[at] ^= 0x41

    with raises(GatewayError):
        reframed(bytes(data))


def test_a_message_without_end_is_refused_at_its_beginning() -> None:
    message = encode_message({":message-type": "event", ":event-type": "chunk"}, b"x" * MAX_EVENT_BYTES)

    with raises(BadGateway, match="more than"):
        InvokeReframer().feed(message[:100])
