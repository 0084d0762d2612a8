"""Request bodies with a content coding."""

import gzip
import zlib
from collections.abc import Callable

import zstandard
from pytest import mark, raises

from data_plane.errors import BadRequest, BodyTooLarge, GatewayError, Overloaded, UnsupportedContent
from data_plane.exchange import COMPLETED, Exchange, Outcome, Request, Timeouts
from data_plane.filters.inflate import MAX_BYTES, InflateFilter
from data_plane.limits.byte_budget import ByteBudget
from tests.fakes.gateway import Gateway, basic, post

BODY = b'{"model":"gpt","messages":[]}'
CODERS: dict[bytes, Callable[[bytes], bytes]] = {
    b"gzip": gzip.compress,
    b"GZip": gzip.compress,
    b"deflate": zlib.compress,
    b"zstd": zstandard.compress,
    b"identity": bytes,
}


def exchange(coding: bytes, body: bytes) -> Exchange:
    request = Request(b"POST", b"/", b"", {b"content-encoding": coding}, body=body)
    return Exchange(request, "", "openai", "chat", b"/", "id", 0.0, 1, Timeouts())


@mark.parametrize("coding", CODERS)
async def test_a_coded_body_is_read_and_goes_on_without_its_coding(coding: bytes) -> None:
    budget = ByteBudget(1000)
    sent = exchange(coding, CODERS[coding](BODY))

    await InflateFilter(budget).on_request(sent)

    assert sent.request.body == BODY
    assert sent.removed_headers == (() if coding == b"identity" else (b"content-encoding",))
    assert budget.left == 1000 - sent.inflated_bytes


@mark.parametrize(
    "coding, body, error",
    [
        (b"br", BODY, UnsupportedContent),
        (b"gzip, gzip", gzip.compress(gzip.compress(BODY)), UnsupportedContent),
        (b"", BODY, UnsupportedContent),
        (b"gzip", b"no gzip at all", BadRequest),
        (b"gzip", gzip.compress(BODY)[:-3], BadRequest),
        (b"zstd", gzip.compress(BODY), BadRequest),
        (b"gzip", gzip.compress(bytes(MAX_BYTES + 1)), BodyTooLarge),
        (b"gzip", gzip.compress(bytes(8 << 20)), BodyTooLarge),
        (b"zstd", zstandard.compress(bytes(1 << 28)), BodyTooLarge),
    ],
    ids=["unknown", "twice", "empty", "garbage", "cut short", "another", "too large", "ratio", "bomb"],
)
async def test_what_cannot_be_read_is_refused_and_holds_nothing(
    coding: bytes, body: bytes, error: type[GatewayError]
) -> None:
    budget = ByteBudget()
    before, inflate, sent = budget.left, InflateFilter(budget), exchange(coding, body)

    with raises(error):
        await inflate.on_request(sent)
    inflate.on_complete(sent, Outcome.REFUSED)

    assert budget.left == before


async def test_an_unknown_coding_is_told_which_are_known() -> None:
    with raises(UnsupportedContent) as caught:
        await InflateFilter(ByteBudget()).on_request(exchange(b"br", BODY))

    assert caught.value.headers == ((b"accept-encoding", b"gzip, deflate, zstd"),)


async def test_bodies_share_a_budget_until_their_exchanges_are_over() -> None:
    budget = ByteBudget(len(BODY))
    inflate = InflateFilter(budget)
    first, second = (exchange(b"gzip", gzip.compress(BODY)) for _ in range(2))

    await inflate.on_request(first)
    with raises(Overloaded):
        await inflate.on_request(second)
    inflate.on_complete(second, Outcome.REFUSED)
    inflate.on_complete(first, COMPLETED)

    assert budget.left == len(BODY)
    await inflate.on_request(exchange(b"gzip", gzip.compress(BODY)))


def test_only_requests_with_a_coding_have_the_filter() -> None:
    gateway = Gateway(basic())
    plain, coded = (gateway.snapshot.begin(post(**headers), 0.0)[1] for headers in ({}, {"content_encoding": "gzip"}))

    assert not plain.body_is_async
    assert coded.body_is_async and coded.filter_count == plain.filter_count + 1
