"""Every error in every API, by shape and by what the official clients make of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import anthropic
import openai
import pytest
from google import genai
from google.genai import errors as genai_errors
from google.genai import types as genai_types

from data_plane.codecs.error_body import event_of, render, render_event
from data_plane.errors import (
    CATALOGUE,
    BadRequest,
    Forbidden,
    GatewayError,
    GatewayTimeout,
    InternalError,
    ModelNotFound,
    NotProgrammed,
    Overloaded,
    ProviderAuthFailed,
    RateLimited,
    RequestTimeout,
    Unauthenticated,
    UpstreamCutShort,
)
from data_plane.exchange import Response

MESSAGE = 'the field "model"\r\n\r\ndata: é is wrong'
APIS = ["openai", "anthropic", "gemini", "cohere", "rest", ""]


def make(kind: type[GatewayError], retry_after_seconds: int | None = 3) -> GatewayError:
    return InternalError() if kind is InternalError else kind(MESSAGE, retry_after_seconds=retry_after_seconds)


ALL = pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.code)


@ALL
@pytest.mark.parametrize("api", APIS)
def test_every_error_has_its_head_in_every_api(kind: type[GatewayError], api: str) -> None:
    error = make(kind)
    response = render(error, api)
    headers = dict(response.headers)
    assert response.length == len(response.body)
    assert response.status == (529 if issubclass(kind, Overloaded) and api == "anthropic" else kind.status)
    assert headers[b"x-isthmus-error"] == kind.code.encode()
    assert headers[b"x-isthmus-error-origin"] == kind.origin.encode()
    assert headers.get(b"retry-after") == (b"3" if error.retry_after_seconds else None)
    problem = api in ("rest", "")
    assert headers[b"content-type"] == (b"application/problem+json" if problem else b"application/json")


@ALL
def test_every_error_has_openai_shape(kind: type[GatewayError]) -> None:
    error = json.loads(render(make(kind), "openai").body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["message"], error["code"]) == (make(kind).message, kind.code)
    special = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    default = "server_error" if kind.status >= 500 else "invalid_request_error"
    assert error["type"] == special.get(kind.status, default)


@ALL
def test_every_error_has_anthropic_shape(kind: type[GatewayError]) -> None:
    body = json.loads(render(make(kind), "anthropic").body)
    assert set(body) == {"type", "error"}
    assert body["type"] == "error"
    assert set(body["error"]) == {"type", "message"}
    assert body["error"]["message"] == make(kind).message


@ALL
def test_every_error_has_gemini_shape(kind: type[GatewayError]) -> None:
    error = json.loads(render(make(kind), "gemini").body)["error"]
    assert set(error) == {"code", "message", "status", "details"}
    assert (error["code"], error["message"]) == (kind.status, make(kind).message)
    assert error["details"][0]["reason"] == kind.code.upper()


@ALL
def test_every_error_has_cohere_shape(kind: type[GatewayError]) -> None:
    assert json.loads(render(make(kind), "cohere").body) == {"message": make(kind).message}


@ALL
def test_every_error_is_a_problem_on_rest_routes(kind: type[GatewayError]) -> None:
    assert json.loads(render(make(kind), "rest").body) == {
        "status": kind.status,
        "title": kind.meaning,
        "detail": make(kind).message,
        "code": kind.code,
    }


@pytest.mark.parametrize(
    ("kind", "anthropic_type", "gemini_status"),
    [
        (BadRequest, "invalid_request_error", "INVALID_ARGUMENT"),
        (Unauthenticated, "authentication_error", "UNAUTHENTICATED"),
        (Forbidden, "permission_error", "PERMISSION_DENIED"),
        (ModelNotFound, "not_found_error", "NOT_FOUND"),
        (RequestTimeout, "timeout_error", "DEADLINE_EXCEEDED"),
        (RateLimited, "rate_limit_error", "RESOURCE_EXHAUSTED"),
        (InternalError, "api_error", "INTERNAL"),
        (UpstreamCutShort, "api_error", "UNAVAILABLE"),
        (NotProgrammed, "api_error", "UNAVAILABLE"),
        (Overloaded, "overloaded_error", "UNAVAILABLE"),
        (GatewayTimeout, "timeout_error", "DEADLINE_EXCEEDED"),
    ],
    ids=lambda value: value.code if isinstance(value, type) and issubclass(value, GatewayError) else "",
)
def test_an_error_has_the_name_that_an_api_gives_it(
    kind: type[GatewayError], anthropic_type: str, gemini_status: str
) -> None:
    assert json.loads(render(make(kind), "anthropic").body)["error"]["type"] == anthropic_type
    assert json.loads(render(make(kind), "gemini").body)["error"]["status"] == gemini_status


def test_gemini_clients_find_the_time_to_wait_in_the_details() -> None:
    details = json.loads(render(make(RateLimited), "gemini").body)["error"]["details"]
    assert details[1] == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "3s"}
    assert len(json.loads(render(make(RateLimited, None), "gemini").body)["error"]["details"]) == 1


@pytest.mark.parametrize(
    ("kind", "expected"), [(ProviderAuthFailed, b"false"), (UpstreamCutShort, None), (BadRequest, None)]
)
def test_clients_are_told_not_to_try_again_only_where_they_would(
    kind: type[GatewayError], expected: bytes | None
) -> None:
    assert dict(render(make(kind), "openai").headers).get(b"x-should-retry") == expected


@ALL
@pytest.mark.parametrize("api", APIS)
def test_every_error_is_one_event_with_the_body_of_its_response(kind: type[GatewayError], api: str) -> None:
    event = render_event(make(kind), api)
    lines = event.splitlines()
    name = [] if api in ("openai", "gemini") else [b"event: error"]
    assert [*lines[:-2], lines[-1]] == [*name, b""]
    assert lines[-2] == b"data: " + render(make(kind), api).body
    assert event.endswith(b"\n\n")


def test_responses_have_an_event_with_a_number() -> None:
    name, data, end = render_event(make(UpstreamCutShort), "openai", "responses", 7).split(b"\n", 2)
    told = json.loads(data.removeprefix(b"data: "))
    assert (name, end) == (b"event: error", b"\n")
    assert (told["type"], told["sequence_number"], told["message"]) == ("error", 7, MESSAGE)
    assert told["code"] == told["error"]["code"] == "upstream_cut_short"


@pytest.mark.parametrize(
    ("api", "operation", "event"),
    [
        ("openai", "chat", b'data: {"error":{"message":"x","code":null}}\n\n'),
        ("anthropic", "messages", b'event: error\ndata: {"error":{"message":"x","code":null}}\n\n'),
        ("gemini", "generate_content", b'data: {"error":{"message":"x","code":null}}\n\n'),
        (
            "openai",
            "responses",
            b'event: error\ndata: {"type":"error","code":null,"message":"x","param":null,"sequence_number":0,'
            b'"error":{"message":"x","code":null}}\n\n',
        ),
    ],
)
def test_what_a_provider_has_answered_with_is_one_event(api: str, operation: str, event: bytes) -> None:
    assert event_of(b'{"error":\n  {"message": "x", "code": null}\r\n}', api, operation) == event


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{", b"\xff", b'{"error": "x"}'])
def test_what_is_no_such_object_is_no_event(body: bytes) -> None:
    assert event_of(body, "openai", "responses") == b""


# The official clients as judges.


@contextmanager
def served(response: Response) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(response.status)
            for name, value in [*response.headers, (b"content-length", b"%d" % len(response.body))]:
                self.send_header(name.decode(), value.decode())
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join(10)


def ask_openai(response: Response, *, stream: bool = False) -> None:
    with served(response) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client:
        answer = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "hi"}], stream=stream, timeout=10
        )
        if isinstance(answer, openai.Stream):
            list(answer)


def ask_responses(event: bytes) -> None:
    response = Response(200, [(b"content-type", b"text/event-stream")], None, event)
    with served(response) as url, openai.OpenAI(base_url=f"{url}/v1", api_key="k", max_retries=0) as client:
        list(client.responses.create(model="m", input="hi", stream=True, timeout=10))


def ask_gemini(response: Response) -> None:
    with served(response) as url:
        client = genai.Client(api_key="k", http_options=genai_types.HttpOptions(base_url=url, timeout=10_000))
        list(client.models.generate_content_stream(model="m", contents="hi"))


def ask_anthropic(response: Response, *, stream: bool = False) -> None:
    with served(response) as url, anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client:
        answer = client.messages.create(
            model="m", max_tokens=9, messages=[{"role": "user", "content": "hi"}], stream=stream, timeout=10
        )
        if isinstance(answer, anthropic.Stream):
            list(answer)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (BadRequest, "BadRequestError"),
        (Unauthenticated, "AuthenticationError"),
        (Forbidden, "PermissionDeniedError"),
        (ModelNotFound, "NotFoundError"),
        (RateLimited, "RateLimitError"),
        (InternalError, "InternalServerError"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_official_clients_raise_their_own_error(kind: type[GatewayError], name: str) -> None:
    with pytest.raises(getattr(openai, name)) as openai_error:
        ask_openai(render(make(kind), "openai"))
    assert openai_error.value.code == kind.code
    with pytest.raises(getattr(anthropic, name)) as anthropic_error:
        ask_anthropic(render(make(kind), "anthropic"))
    assert anthropic_error.value.body == json.loads(render(make(kind), "anthropic").body)


def test_official_clients_raise_what_ends_a_stream() -> None:
    def stream(api: str) -> Response:
        return Response(200, [(b"content-type", b"text/event-stream")], None, render_event(make(UpstreamCutShort), api))

    with pytest.raises(openai.APIError) as openai_error:
        ask_openai(stream("openai"), stream=True)
    assert (openai_error.value.message, openai_error.value.code) == (MESSAGE, "upstream_cut_short")
    with pytest.raises(openai.APIError) as responses_error:
        ask_responses(render_event(make(UpstreamCutShort), "openai", "responses", 3))
    assert responses_error.value.message == MESSAGE
    with pytest.raises(genai_errors.APIError) as gemini_error:
        ask_gemini(stream("gemini"))
    assert gemini_error.value.message == MESSAGE
    with pytest.raises(anthropic.APIStatusError) as anthropic_error:
        ask_anthropic(stream("anthropic"), stream=True)
    assert anthropic_error.value.body == {"type": "error", "error": {"type": "api_error", "message": MESSAGE}}
