"""Google's own SDK as an oracle: its client, whose connection is a function; and its models of requests."""

import json
import warnings
from typing import Any

import httpx2
from google.genai import Client, errors, types
from pydantic import TypeAdapter

from tests.fakes.sdk_parse import StreamError

TYPES: dict[str, Any] = {
    "contents": list[types.Content],
    "systemInstruction": types.Content,
    "tools": list[types.Tool],
    "toolConfig": types.ToolConfig,
    "safetySettings": list[types.SafetySetting],
    "cachedContent": str,
    "labels": dict[str, str],
    "serviceTier": types.ServiceTier,
    "store": bool,
    "generationConfig": types.GenerateContentConfig,  # those of the API are among its fields
}
# What the API has of these, by their types; all other types are names of the SDK alone.
ADAPTERS = {name: TypeAdapter(kind) for name, kind in TYPES.items()}


def parse_request(body: Any) -> None:
    """Each field is one that the SDK knows, and enumerations have words that it knows."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name, value in body.items():
            ADAPTERS[name].validate_json(json.dumps(value))


class _Connection:
    """What the server answers, and what it was sent."""

    def __init__(self) -> None:
        self.answer = httpx2.Response(200)
        self.sent = b""

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        self.sent = request.content
        return self.answer


CONNECTION = _Connection()
OPTIONS = types.HttpOptions(httpx_client=httpx2.Client(transport=httpx2.MockTransport(CONNECTION.handle)))
MODELS = Client(api_key="key", vertexai=False, http_options=OPTIONS).models
ASK: dict[str, Any] = {"model": "m", "contents": "Hi"}
ONCE = types.GenerateContentConfig(automatic_continuation=False)


def answer_of(body: bytes) -> types.GenerateContentResponse:
    """What the SDK's client gives its caller."""
    CONNECTION.answer = httpx2.Response(200, content=body)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return MODELS.generate_content(**ASK, config=ONCE)


def chunks_of(stream: bytes) -> list[types.GenerateContentResponse]:
    """What the SDK's client gives its caller of a stream.

    Raises:
        StreamError: the stream has an error in it.
    """
    CONNECTION.answer = httpx2.Response(200, content=stream, headers={"content-type": "text/event-stream"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return list(MODELS.generate_content_stream(**ASK, config=ONCE))
        except errors.APIError as error:
            raise StreamError(str(error.message)) from error


def failure_of(status: int, body: bytes) -> errors.APIError:
    """What the SDK raises."""
    CONNECTION.answer = httpx2.Response(status, content=body)
    try:
        MODELS.generate_content(**ASK)
    except errors.APIError as error:
        return error
    raise AssertionError("the SDK raised nothing")


def request_of(**fields: Any) -> bytes:
    """The body that the SDK's client sends."""
    CONNECTION.answer = httpx2.Response(200, content=b"{}")
    MODELS.generate_content(model="m", **fields)
    return CONNECTION.sent
