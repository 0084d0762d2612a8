"""The usage event that the client did not ask for, and what tokens are counted."""

from pytest import mark

from data_plane.usage import Usage
from tests.fakes.gateway import Gateway, basic, post

CONTENT = b'data: {"choices":[{"delta":{"content":"\\"choices\\":[] \\"usage\\""}}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\n'
SPACED = b'data: {"choices": [], "usage": {"prompt_tokens": 1}}\n\n'
FILTER_RESULTS = b'data: {"choices":[],"prompt_filter_results":[]}\n\n'  # Azure's first event
DONE = b"data: [DONE]\n\n"


@mark.parametrize("usage", [USAGE, SPACED])
def test_the_event_is_taken_out_of_a_stream_that_did_not_ask(usage: bytes) -> None:
    answer = Gateway(basic()).ask(post(body={"model": "gpt", "stream": True}))
    answer.exchange.status = 200
    (transform,) = [hook(answer.exchange) for _, hook in answer.plan.stream]

    assert transform is not None
    assert transform.feed([FILTER_RESULTS, CONTENT, usage]) == [FILTER_RESULTS, CONTENT]
    assert transform.feed([DONE]) == [DONE]
    assert transform.close() == []


@mark.parametrize("options, status", [({"include_usage": True}, 200), (None, 400)])
def test_other_streams_are_relayed_as_they_are(options: object, status: int) -> None:
    answer = Gateway(basic()).ask(post(body={"model": "gpt", "stream": True, "stream_options": options}))
    answer.exchange.status = status

    assert [hook(answer.exchange) for _, hook in answer.plan.stream] == [None]


def test_tokens_are_counted_by_caller_model_and_bucket() -> None:
    gateway = Gateway(basic())
    answer = gateway.ask(post())
    answer.exchange.usage = Usage(input_uncached=5, output=2)

    answer.complete()
    answer.complete()

    counted = {labels: series.value for labels, series in gateway.metrics.tokens.items()}
    assert counted == {("default", "app", "gpt", "input_uncached"): 10, ("default", "app", "gpt", "output"): 4}
