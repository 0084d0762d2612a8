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


@mark.parametrize(
    "operation, body, wanted",
    [
        param(
            "images",
            b'{"data":[{"b64_json":"%b"}],"usage":{"input_tokens":50,"input_tokens_details":{"image_tokens":40,'
            b'"text_tokens":10},"output_tokens":4160,"total_tokens":4210}}' % (b"A" * 40_000),
            (10, 4160, 0, 40),
            id="an image",
        ),
        param(
            "image_edits",
            b'event: image_edit.completed\ndata: {"type":"image_edit.completed","b64_json":"AA","usage":'
            b'{"input_tokens":5,"output_tokens":7,"total_tokens":12}}\n\n',
            (5, 7, 0, 0),
            id="a stream of images",
        ),
        param(
            "transcriptions",
            b'{"text":"hi","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"text_tokens":4,'
            b'"audio_tokens":10},"output_tokens":45,"total_tokens":59}}',
            (4, 45, 10, 0),
            id="a transcription",
        ),
        param(
            "speech",
            b'data: {"type":"speech.audio.done","usage":{"input_tokens":3,"output_tokens":9,"total_tokens":12}}\n\n',
            (3, 9, 0, 0),
            id="speech",
        ),
    ],
)
def test_usage_of_media_is_in_disjoint_buckets(operation: str, body: bytes, wanted: tuple[int, ...]) -> None:
    meter = find_meter("openai", operation)
    assert meter is not None
    meter.feed(body)

    usage = meter.usage()

    assert usage is not None
    assert (usage.input_uncached, usage.output, usage.input_audio, usage.input_image) == wanted


def test_seconds_are_no_tokens() -> None:
    meter = find_meter("openai", "transcriptions")
    assert meter is not None
    meter.feed(b'{"text":"hi","usage":{"type":"duration","seconds":9}}')

    assert meter.usage() is None


def event(text: bytes) -> bytes:
    return b'data: {"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n' % text


@mark.parametrize("end", [b"data: [DONE]\n\n", b""], ids=["whole", "cut short"])
@mark.parametrize("step", [1, 5000], ids=["byte by byte", "in large pieces"])
def test_the_end_of_a_stream_is_seen_however_it_is_cut(step: int, end: bytes) -> None:
    meter = find_meter("openai", "chat")
    assert meter is not None
    stream = event(b"Hello") * 400 + end
    for at in range(0, len(stream), step):
        meter.feed(stream[at : at + step])

    fault = meter.fault()

    assert (fault is None) is bool(end) and meter.is_final() is bool(end)
    assert fault is None or fault.code == "upstream_cut_short"


@mark.parametrize("count", [10, 2000], ids=["within the tail", "beyond it"])
def test_what_was_written_is_known_about(count: int) -> None:
    meter = find_meter("openai", "chat")
    assert meter is not None
    for number in range(count):
        meter.feed(event(b"word " * (number % 7)))

    written = sum(5 * (number % 7) for number in range(count))

    assert abs(meter.output_bytes() - written) <= 0.05 * written


def test_nothing_was_written_where_nothing_came() -> None:
    meter = find_meter("anthropic", "messages")
    assert meter is not None and meter.output_bytes() == 0 and not meter.is_final()


def test_a_whole_answer_is_final_and_its_text_is_counted() -> None:
    meter = find_meter("openai", "chat")
    assert meter is not None
    meter.feed(b'{"choices":[{"message":{"role":"assistant","content":"Hello"}}]}')

    assert meter.is_final() and meter.output_bytes() == 5


def test_usage_before_long_results_is_found() -> None:
    result = b'{"index": 0, "document": {"text": "\\"usage\\": {}"}, "relevance_score": 0.5}'
    meter = find_meter("openai", "rerank")
    assert meter is not None
    meter.feed(b'{"id": "r", "usage": {"prompt_tokens": 7, "total_tokens": 7}, "results": [')
    for _ in range(1000):
        meter.feed(result + b", ")
    meter.feed(result + b"]}")

    usage = meter.usage()

    assert usage is not None and usage.input_uncached == 7


@mark.parametrize(
    ("body", "tokens"),
    [
        param(b'{"results": [], "usage": {"total_tokens": 12}}', 12, id="worded as OpenAI does"),
        param(b'{"results": [], "meta": {"tokens": {"input_tokens": 12}}}', 12, id="tokens"),
        param(
            b'{"results": [], "meta": {"billed_units": {"input_tokens": 12.0}, "tokens": {"input_tokens": 99}}}',
            12,
            id="billed",
        ),
        param(b'{"results": [], "meta": {"billed_units": {"search_units": 1}}}', None, id="searches"),
        param(b'{"results": [], "meta": []}', None, id="no object"),
    ],
)
def test_cohere_s_ranks_are_metered_where_tokens_are_told(body: bytes, tokens: int | None) -> None:
    meter = find_meter("cohere", "rerank")
    assert meter is not None
    meter.feed(body)

    usage = meter.usage()

    assert (None if usage is None else usage.input_uncached) == tokens


@mark.parametrize(("meta", "tokens"), [(b'{"tokens": {"input_tokens": 54}}', 54), (b'{"tokens": 1}', None)])
def test_cohere_s_tokens_are_found_behind_many_results(meta: bytes, tokens: int | None) -> None:
    meter = find_meter("cohere", "rerank")
    assert meter is not None
    meter.feed(b'{"results": [')
    meter.feed(b'{"index": 0, "relevance_score": 0.5}, ' * 1000)
    meter.feed(b'{"index": 1, "relevance_score": 0.5}], "meta": ' + meta + b"}")

    usage = meter.usage()

    assert (None if usage is None else usage.input_uncached) == tokens
