"""OpenAI's SDK as a client that gets what the encoder of Responses has written."""

from collections.abc import Sequence

import httpx2
from openai import APIError, AsyncOpenAI, OpenAI
from pydantic import BaseModel
from pytest import mark, param

from data_plane.codecs.table import CODECS
from data_plane.llm.events import CandidateEnded, Delta, Ended, Event, PartEnded, PartKind, PartStarted, Started
from data_plane.llm.response import Stop
from tests.fakes import responses_sdk
from tests.fakes.codec_golden import decode, events_of, frames_of, golden

API = "openai-responses"
CODEC = CODECS[API]
REQUEST = decode(CODEC, golden(API, "requests", "minimal"))


class Form(BaseModel):
    place: str


def client(stream: bytes) -> OpenAI:
    """The SDK, with a provider that answers this."""
    transport = httpx2.MockTransport(
        lambda request: httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    )
    return OpenAI(api_key="k", base_url="http://localhost/v1", http_client=httpx2.Client(transport=transport))


def translated(api: str, name: str) -> bytes:
    """The stream for a client, of what a provider of another API has sent."""
    return frames_of(CODEC, events_of(CODECS[api], golden(api, "streams", name)), REQUEST)


SOURCES = [
    param(api, name, id=f"{api}-{name}")
    for api, names in {
        "openai-chat": ("text", "tools", "reasoning", "logprobs"),
        "anthropic-messages": ("text", "tools", "thinking"),
        API: ("text", "tools", "custom", "reasoning-text", "server-tools", "messages"),
    }.items()
    for name in names
]


@mark.parametrize(("api", "name"), SOURCES)
def test_the_sdks_stream_helper_reads_what_is_written(api: str, name: str) -> None:
    stream = translated(api, name)

    with client(stream) as sdk, sdk.responses.stream(model="m", input="Hi") as events:
        kinds = [event.type for event in events]
        final = events.get_final_response()

    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert final.output_text == responses_sdk.accumulate(stream).output_text


def test_the_sdks_stream_helper_parses_structured_output_and_arguments() -> None:
    text: list[Event] = [PartStarted(0, 0, PartKind.TEXT), Delta(0, 0, '{"place":'), Delta(0, 0, '"Rome"}')]
    events = [Started("i", "m"), *text, PartEnded(0, 0), CandidateEnded(0, Stop.END), Ended()]

    with (
        client(frames_of(CODEC, events, REQUEST)) as sdk,
        sdk.responses.stream(model="m", input="Hi", text_format=Form) as stream,
    ):
        final = stream.get_final_response()

    assert final.output_parsed == Form(place="Rome")


async def test_the_sdks_async_stream_ends_with_the_answer() -> None:
    stream = translated("anthropic-messages", "tools")
    transport = httpx2.MockTransport(
        lambda request: httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
    )
    http = httpx2.AsyncClient(transport=transport)

    async with AsyncOpenAI(api_key="k", base_url="http://localhost/v1", http_client=http) as sdk:
        events = [event async for event in await sdk.responses.create(model="m", input="Hi", stream=True)]

    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].type == "response.completed"


def test_the_sdk_sees_that_a_stream_has_failed() -> None:
    stream = translated("anthropic-messages", "overloaded")

    with client(stream) as sdk:
        try:
            kinds: Sequence[str] = [each.type for each in sdk.responses.create(model="m", input="Hi", stream=True)]
        except APIError:
            return

    assert kinds[-2:] == ["error", "response.failed"]
