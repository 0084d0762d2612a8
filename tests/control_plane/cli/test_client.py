"""The client of the REST API, against servers that answer as none should."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer

from control_plane.cli.client import MAX_DETAILS, Access, Client, problem
from control_plane.cli.errors import CliError, ExitCode

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[Access]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Answers every request with a handler."""
    servers: list[TestServer] = []

    async def start(handler: Handler) -> Access:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        server = TestServer(app)
        await server.start_server()
        servers.append(server)
        return Access(str(server.make_url("")), "isa_secret")

    yield start
    for server in servers:
        await server.close()


def answering(body: str, *, status: int = 200, **headers: str) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=body, status=status, headers=headers)

    return answer


def streaming(*parts: bytes) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for part in parts:
            await response.write(part)
        return response

    return answer


async def failure(access: Access) -> CliError:
    with pytest.raises(CliError) as raised:
        async with Client(access, timeout_seconds=5) as client:
            await client.request("GET", "/v1/status")
    assert "isa_secret" not in raised.value.message
    return raised.value


@pytest.mark.parametrize(
    ("handler", "code", "message"),
    [
        (answering("<html>"), ExitCode.UNREACHABLE, "does not answer like a control plane"),
        (answering("[]"), ExitCode.UNREACHABLE, "does not answer like a control plane"),
        (answering("<html>", status=502), ExitCode.UNREACHABLE, "the control plane answered 502"),
        (answering('{"detail": "no"}', status=403), ExitCode.DENIED, "no"),
        (answering('{"detail": "no", "errors": 1}', status=500), ExitCode.FAILED, "no"),
        (answering("", status=302, Location="/other"), ExitCode.UNREACHABLE, "redirects; give the address"),
    ],
    ids=["page", "list", "page of a proxy", "refusal", "failure", "redirect"],
)
async def test_what_is_wrong_is_one_sentence(serve: Serve, handler: Handler, code: ExitCode, message: str) -> None:
    error = await failure(await serve(handler))
    assert error.code is code
    assert message in error.message


async def test_a_token_follows_no_redirect(serve: Serve) -> None:
    asked: list[str] = []

    async def other(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.json_response({})

    elsewhere = await serve(other)
    await failure(await serve(answering("", status=307, Location=elsewhere.url)))
    assert asked == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:1", "Connection refused"),
        ("localhost", "it is not an address like 'https://isthmus.example:8443'"),
        ("http://[", "it is not an address like 'https://isthmus.example:8443'"),
    ],
    ids=["nobody listens", "no scheme", "no address"],
)
async def test_what_cannot_be_reached_is_said_with_the_reason(url: str, reason: str) -> None:
    error = await failure(Access(url, ""))
    assert error.code is ExitCode.UNREACHABLE
    assert error.message == f"cannot reach the control plane at {url}: {reason}"


async def test_a_certificate_must_be_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    app = web.Application()
    app.router.add_get("/v1/status", answering('{"version": "1"}'))
    server = TestServer(app, scheme="https")
    await server.start_server(ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.port}"
        error = await failure(Access(url, "isa_secret"))
        assert "--ca-file names a certificate to trust" in error.message
        async with Client(Access(url, "t", str(tmp_path / "ca.pem"))) as client:
            assert await client.request("GET", "/v1/status") == {"version": "1"}


@pytest.mark.parametrize("content", [None, "no certificate"], ids=["no file", "no certificate"])
async def test_a_file_of_certificates_that_is_none_is_named(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    error = await failure(Access("https://127.0.0.1:1", "", str(file)))
    assert error.message.startswith(f"cannot read the CA file '{file}'")


async def collect(access: Access) -> tuple[list[tuple[str, object]], CliError]:
    found: list[tuple[str, object]] = []
    with pytest.raises(CliError) as raised:
        async with Client(access) as client:
            async for event in client.events("/v1/events"):
                found.append(event)
    return found, raised.value


STREAM = b': hello\n\nevent: added\nid: 7\ndata: {"a": "\xc3\xa4"}\n\ndata: {"b":\r\ndata: 2}\r\n\r\n'


@pytest.mark.parametrize("parts", [(STREAM,), tuple(bytes((byte,)) for byte in STREAM)], ids=["whole", "byte by byte"])
async def test_events_are_read_until_the_stream_ends_which_is_an_error(serve: Serve, parts: tuple[bytes, ...]) -> None:
    found, error = await collect(await serve(streaming(*parts)))
    assert found == [("added", {"a": "ä"}), ("message", {"b": 2})]
    assert (error.code, error.message) == (ExitCode.UNREACHABLE, "the control plane ended the stream; begin again")


async def test_an_event_that_was_cut_short_is_not_yielded(serve: Serve) -> None:
    found, _ = await collect(await serve(streaming(STREAM + b'event: added\ndata: {"c": 3}\n')))
    assert len(found) == 2


async def test_an_error_event_is_an_error(serve: Serve) -> None:
    event = b'event: error\ndata: {"status": 410, "detail": "too old"}\n\n'
    found, error = await collect(await serve(streaming(event)))
    assert (found, error.code, error.message) == ([], ExitCode.CONFLICT, "too old")


def test_the_only_error_of_a_problem_is_not_said_twice_and_many_are_cut() -> None:
    one = b'{"detail": "`a` is wrong", "errors": [{"field": "a", "message": "is wrong"}]}'
    assert problem(422, one).details == ()
    many = b'{"detail": "x", "errors": [%s]}' % b",".join([b'{"field": "", "message": "m"}'] * (MAX_DETAILS + 3))
    details = problem(422, many).details
    assert (details[0], details[-1], len(details)) == ("  document: m", "  and 3 more", MAX_DETAILS + 1)
