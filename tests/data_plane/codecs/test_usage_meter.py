"""Where usage is found, whatever became of the answer."""

from pytest import mark, param

from data_plane.codecs.usage_meter import find_meter

USAGE = b'"usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}'
TEXT = b'"choices": [{"message": {"content": "a fox"}}]'


@mark.parametrize(
    "body",
    [
        param(b"{%b, %b}" % (TEXT, USAGE), id="whole"),
        param(b"{%b, %b" % (USAGE, TEXT[:20]), id="cut short behind it"),
        param(b'{%b, "x": "\xff"}' % USAGE, id="no UTF-8 behind it"),
        param(b"\n{%b, %b}" % (TEXT, USAGE), id="behind a line end"),
        param(b"data: {%b, %b}\n\ndata: [DONE]\n\n" % (TEXT, USAGE), id="a stream"),
    ],
)
@mark.parametrize("step", [1, 1 << 20], ids=["byte by byte", "at once"])
def test_usage_is_found(body: bytes, step: int) -> None:
    meter = find_meter("openai", "chat")
    assert meter is not None
    for at in range(0, len(body), step):
        meter.feed(body[at : at + step])

    usage = meter.usage()

    assert usage is not None and (usage.input_uncached, usage.output) == (7, 3)


def test_half_of_it_is_none() -> None:
    meter = find_meter("openai", "chat")
    assert meter is not None
    meter.feed(b"{%b, %b" % (TEXT, USAGE[:30]))

    assert meter.usage() is None
