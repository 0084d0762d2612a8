"""What a call has used where its provider has not said, or not all."""

import json

from pytest import mark, param

from data_plane.codecs.usage_meter import find_meter
from data_plane.exchange import Attempt, Exchange, Outcome
from data_plane.filters.settle import ONE_IN, SettleFilter
from data_plane.llm import bpe
from data_plane.llm.token_ratio import TokenRatios
from data_plane.pipeline.plan import compile_plan
from data_plane.token_counter import TokenCounter
from data_plane.usage import Usage
from tests.fakes.sides import NOW, between_fakes

TEXT = "All that a model reads is in here. " * 20
BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": TEXT}]}).encode()
WORDS = "and it answers at length" * 4
OUT = 24  # tokens of 96 bytes, by the family's ratio

ANTHROPIC_START = (
    b'event: message_start\ndata: {"type":"message_start","message":{"usage":'
    b'{"input_tokens":25,"cache_read_input_tokens":7,"output_tokens":1}}}\n\n'
)
ANTHROPIC_TEXT = b'event: content_block_delta\ndata: {"delta":{"text":"%b"}}\n\n' % WORDS.encode()
ANTHROPIC_END = (
    b'event: message_delta\ndata: {"delta":{},"usage":{"output_tokens":3}}\n\n'
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
)
CHAT_TEXT = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % WORDS.encode()
CHAT_END = b"data: [DONE]\n\n"
GEMINI_TEXT = (
    b'data: {"candidates":[{"content":{"parts":[{"text":"%b"}]}}],'
    b'"usageMetadata":{"promptTokenCount":5,"candidatesTokenCount":40}}\n\n' % WORDS.encode()
)


def settled(
    stream: bytes,
    outcome: Outcome,
    *,
    call: tuple[str, str] = ("openai", "chat"),
    status: int = 200,
    model: str = "gpt-9",
) -> Exchange:
    exchange = between_fakes(compile_plan([])).exchange
    exchange.api, exchange.operation = call
    exchange.request.body = BODY
    exchange.target = f"acme/{model}"
    if status != -1:
        exchange.attempts = [Attempt("acme/gpt-9", "a:1", NOW, status)]
    meter = exchange.meter = find_meter(*call)
    assert meter is not None
    if stream:
        meter.feed(stream)
    exchange.usage = meter.usage()
    SettleFilter(TokenCounter(TokenRatios())).on_complete(exchange, outcome)
    return exchange


GONE, CUT, DONE = Outcome.CLIENT_GONE, Outcome.UPSTREAM_FAILED, Outcome.COMPLETED
ANTHROPIC, GEMINI = ("anthropic", "messages"), ("gemini", "generate_content")
IN = round(len(TEXT) / 4)


@mark.parametrize(
    ("stream", "outcome", "call", "usage"),
    [
        param(CHAT_TEXT, GONE, ("openai", "chat"), Usage(input_uncached=IN, output=OUT), id="the client left"),
        param(CHAT_TEXT, CUT, ("openai", "chat"), Usage(input_uncached=IN, output=OUT), id="cut short"),
        param(CHAT_TEXT + CHAT_END, DONE, ("openai", "chat"), Usage(input_uncached=IN, output=OUT), id="never told"),
        param(b"", GONE, ("openai", "chat"), Usage(input_uncached=IN), id="nothing had come"),
        param(
            ANTHROPIC_START + ANTHROPIC_TEXT,
            GONE,
            ANTHROPIC,
            Usage(input_uncached=25, cache_read=7, output=OUT),
            id="what it read was told",
        ),
    ],
)
def test_what_nobody_has_told_is_estimated(
    stream: bytes, outcome: Outcome, call: tuple[str, str], usage: Usage
) -> None:
    exchange = settled(stream, outcome, call=call)

    assert exchange.usage == usage and exchange.is_estimated


@mark.parametrize(
    ("stream", "outcome", "call", "usage"),
    [
        param(
            ANTHROPIC_START + ANTHROPIC_TEXT + ANTHROPIC_END,
            GONE,
            ANTHROPIC,
            Usage(input_uncached=25, cache_read=7, output=3),
            id="the client left at the end",
        ),
        param(GEMINI_TEXT, GONE, GEMINI, Usage(input_uncached=5, output=40), id="told with each piece"),
        param(ANTHROPIC_START, CUT, ANTHROPIC, Usage(input_uncached=25, cache_read=7, output=1), id="before any text"),
    ],
)
def test_what_was_told_stands(stream: bytes, outcome: Outcome, call: tuple[str, str], usage: Usage) -> None:
    exchange = settled(stream, outcome, call=call)

    assert exchange.usage == usage and not exchange.is_estimated


@mark.parametrize(
    ("outcome", "call", "status"),
    [
        param(CUT, ("openai", "chat"), 500, id="it failed"),
        param(CUT, ("openai", "chat"), 0, id="it never answered"),
        param(GONE, ("openai", "chat"), -1, id="nobody was asked"),
        param(DONE, ("openai", "embeddings"), 200, id="nothing is written"),
    ],
)
def test_who_has_not_worked_has_used_nothing(outcome: Outcome, call: tuple[str, str], status: int) -> None:
    exchange = settled(b"", outcome, call=call, status=status)

    assert exchange.usage is None and not exchange.is_estimated


def test_a_request_that_has_not_been_sent_has_used_nothing() -> None:
    exchange = settled(b"", CUT, status=0)
    exchange.attempts[0].reason = "unsent"

    SettleFilter(TokenCounter(TokenRatios())).on_complete(exchange, GONE)

    assert exchange.usage is None


def test_it_learns_from_those_who_tell() -> None:
    ratios = TokenRatios()
    filter_ = SettleFilter(TokenCounter(ratios))
    exchange = settled(CHAT_TEXT, DONE)
    exchange.usage = Usage(input_uncached=len(TEXT), output=len(WORDS))  # one token a byte
    before = ratios.estimate_input("gpt-9", 1000), ratios.estimate_output("gpt-9", 1000)

    for _ in range(ONE_IN - 1):
        filter_.on_complete(exchange, DONE)
    assert (ratios.estimate_input("gpt-9", 1000), ratios.estimate_output("gpt-9", 1000)) == before
    filter_.on_complete(exchange, DONE)

    assert ratios.estimate_input("gpt-9", 1000) > before[0] and ratios.estimate_output("gpt-9", 1000) > before[1]


def chat_of(text: str, pieces: int) -> bytes:
    """A stream of this text, so many characters a chunk."""
    parts = [text[at : at + pieces] for at in range(0, len(text), pieces)]
    return b"".join(
        b"data: " + json.dumps({"choices": [{"delta": {"content": part}}]}).encode() + b"\n\n" for part in parts
    )


@mark.parametrize(
    ("text", "tolerance"),
    [
        param('The tokens of an answer, counted one by one: né, 東京, \\ and "quotes".', 0.0, id="all is at hand"),
        param("Some words that come again and again, in one order. " * 400, 0.02, id="of a long one the rest follows"),
    ],
)
def test_what_an_openai_model_has_written_is_counted_exactly(text: str, tolerance: float) -> None:
    TokenCounter.prepare(["gpt-4o"])
    exchange = settled(chat_of(text, 7), GONE, model="gpt-4o")

    tokens = bpe.count(bpe.load("o200k_base"), text)
    assert exchange.usage is not None and exchange.is_estimated
    assert abs(exchange.usage.output - tokens) <= tolerance * tokens
    read = bpe.count(bpe.load("o200k_base"), TEXT) + bpe.count(bpe.load("o200k_base"), "user") + 6
    assert exchange.usage.input_uncached == read  # three for the message, three for the answer


def test_what_cannot_be_read_is_estimated_by_its_size() -> None:
    TokenCounter.prepare(["gpt-4o"])
    exchange = between_fakes(compile_plan([])).exchange
    exchange.api, exchange.operation, exchange.target = "openai", "chat", "acme/gpt-4o"
    exchange.request.body = b'{"messages":[{"role":"nobody","content":"%b"}]}' % (b"x" * 400)
    exchange.attempts = [Attempt("acme/gpt-4o", "a:1", NOW, 200)]
    exchange.meter = find_meter("openai", "chat")
    SettleFilter(TokenCounter(TokenRatios())).on_complete(exchange, GONE)

    assert exchange.usage == Usage(input_uncached=100)
