"""What is asked of token endpoints, what is taken from them, and what is said of those that fail."""

import ssl
from pathlib import Path

from aiohttp import web
from pytest import MonkeyPatch, mark, param, raises

from data_plane.providers.token import TokenFailure
from data_plane.providers.token_endpoint import (
    MAX_ANSWER_BYTES,
    Call,
    Reply,
    bearer_token,
    host_of,
    seconds_until,
    send,
)
from tests.fakes.certificates import pair
from tests.fakes.damage import damages
from tests.fakes.identity_server import IdentityServer, serving


def reply(body: str, status: int = 200) -> Reply:
    return Reply("idp.example", status, {}, body.encode())


@mark.parametrize(
    "body, lifetime",
    [
        param('{"access_token":"t","token_type":"Bearer","expires_in":3600}', 3600, id="a number"),
        param('{"access_token":"t","token_type":"bearer","expires_in":"3599"}', 3599, id="a number as text"),
        param('{"access_token":"t","expires_in":59.5}', 59.5, id="without a type"),
        param('{"access_token":"t","token_type":"Bearer"}', 300, id="none: fetched again soon"),
        param('{"access_token":"t","expires_in":%s}' % ("9" * 400), 86_400, id="beyond all numbers"),
        param('{"access_token":"t","expires_in":-5}', -1, id="ended"),
        param('{"access_token":"t","expires_in":null}', 300, id="null"),
        param('{"access_token":"t","expires_in":true}', 300, id="no number"),
        param('{"access_token":"t","expires_in":"soon"}', 300, id="no number as text"),
        param('{"access_token":"t","expires_in":"99999999999999999999"}', 300, id="too long a number"),
    ],
)
def test_a_token_is_read_with_its_lifetime(body: str, lifetime: float) -> None:
    issued = bearer_token(reply(body))

    assert (issued.value, issued.lifetime_seconds) == (b"authorization: Bearer t\r\n", lifetime)


@mark.parametrize(
    "body, status, message",
    [
        param("[]", 200, "without a JSON object", id="no object"),
        param("", 500, "answered 500 without", id="nothing"),
        param('{"access_token":"t","token_type":"mac"}', 200, "another type than Bearer", id="another type"),
        param('{"access_token":"t","token_type":1}', 200, "another type than Bearer", id="no type"),
        param("{}", 200, "no `access_token`", id="no token"),
        param('{"access_token":1}', 200, "no `access_token`", id="a number"),
        param('{"access_token":""}', 200, "no `access_token`", id="an empty token"),
        param('{"access_token":"a\\r\\nx: y"}', 200, "no `access_token`", id="a token that splits the head"),
        param('{"access_token":"\\u00e4"}', 200, "no `access_token`", id="a token beyond ASCII"),
        param('{"error":"invalid_client"}', 401, "answered 401 `invalid_client`: check", id="an error"),
        param('{"error":"hunter2"}', 400, "answered 400: check", id="an error that is none"),
        param(
            '{"error":"invalid_grant","error_description":"AADSTS700016: hunter2"}', 400, "AADSTS700016:", id="Entra"
        ),
    ],
)
def test_what_is_no_token_is_refused_in_words_that_are_known(body: str, status: int, message: str) -> None:
    with raises(TokenFailure, match=message) as caught:
        bearer_token(reply(body, status))

    assert "hunter2" not in str(caught.value)
    assert "idp.example" in str(caught.value)


def test_whatever_is_wrong_in_an_answer_there_is_a_token_or_a_failure() -> None:
    whole = (
        b'{"access_token":"t","token_type":"Bearer","expires_in":3600,"scope":"a","error":"x","error_description":"y"}'
    )
    for status in (200, 400):
        for damaged in [*damages(whole), *(whole[:end] for end in range(len(whole)))]:
            try:
                issued = bearer_token(Reply("h", status, {}, damaged))
            except TokenFailure:
                continue
            assert status == 200
            assert issued.value.count(b"\r\n") == 1
            assert issued.lifetime_seconds <= 86_400


@mark.parametrize(
    "text, seconds",
    [
        ("1970-01-01T00:01:40Z", 40.0),
        ("1970-01-01T00:01:40.5Z", 40.5),
        ("1970-01-01T01:01:40+01:00", 40.0),
        ("1970-01-01T00:01:40", 40.0),
        ("1970-01-01T00:00:00Z", -60.0),
    ],
)
def test_a_time_is_read_as_seconds_from_now(text: str, seconds: float) -> None:
    assert seconds_until({"ends": text}, "ends", "h", 60.0) == seconds


@mark.parametrize("text", ["soon", "1", "2026-13-01T00:00:00Z", "14:13:20Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with raises(TokenFailure, match="has a `ends` that is no time"):
        seconds_until({"ends": text}, "ends", "h", 0.0)


async def show(server: IdentityServer, request: web.Request) -> web.Response:
    return web.json_response({"headers": dict(request.headers), "body": await request.text()})


async def large(server: IdentityServer, request: web.Request) -> web.Response:
    return web.Response(body=b"x" * int(request.query["bytes"]))


async def endless(server: IdentityServer, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def away(server: IdentityServer, request: web.Request) -> web.Response:
    return web.Response(status=307, headers={"location": f"{server.url}/show"})


async def test_a_form_leaves_out_what_has_no_value() -> None:
    async with serving(lambda: 0.0, {"/show": show}) as server:
        answer = await send(Call.form(f"{server.url}/show", {"a": "1 ä&", "b": "", "c": "="}, {"x-own": "1"}))

    assert b'"body": "a=1+%C3%A4%26&c=%3D"' in answer.body
    assert b'"Content-Type": "application/x-www-form-urlencoded"' in answer.body.replace(
        b"content-type", b"Content-Type"
    )


async def test_an_answer_is_read_up_to_its_bound() -> None:
    async with serving(lambda: 0.0, {"/large": large, "/endless": endless}) as server:
        assert len((await send(Call(f"{server.url}/large?bytes={MAX_ANSWER_BYTES}"))).body) == MAX_ANSWER_BYTES
        for path in (f"/large?bytes={MAX_ANSWER_BYTES + 1}", "/endless"):
            with raises(TokenFailure, match="larger than 65536 bytes"):
                await send(Call(server.url + path))


async def test_redirects_are_not_followed() -> None:
    async with serving(lambda: 0.0, {"/away": away, "/show": show}) as server:
        with raises(TokenFailure, match="redirects, which is not followed"):
            await send(Call.form(f"{server.url}/away", {"client_secret": "hunter2"}))
        assert server.asked == 1


async def test_proxies_of_the_environment_are_not_used(monkeypatch: MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(lambda: 0.0, {"/show": show}) as server:
        assert (await send(Call(f"{server.url}/show"))).status == 200


@mark.parametrize(
    "url, message",
    [
        param("http://127.0.0.1:9/?hunter2", "it refuses connections", id="nobody listens"),
        param("http://name.invalid/hunter2", "its name cannot be resolved", id="no such name"),
        param("nonsense://h/hunter2", "'h' cannot be asked", id="no such scheme"),
        param("http://[::1/hunter2", "cannot be asked", id="no URL"),
    ],
)
async def test_why_nobody_answers_is_said_without_the_url(url: str, message: str) -> None:
    with raises(TokenFailure, match=message) as caught:
        await send(Call(url))

    assert "hunter2" not in str(caught.value)


async def test_a_certificate_that_the_system_does_not_trust_is_refused(tmp_path: Path) -> None:
    chain, key = pair("localhost")
    (tmp_path / "chain.pem").write_bytes(chain)
    (tmp_path / "key.pem").write_bytes(key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "chain.pem", tmp_path / "key.pem")
    async with serving(lambda: 0.0, {"/show": show}, context) as server:
        with raises(TokenFailure, match="its certificate is not trusted"):
            await send(Call(f"{server.url}/show"))
        assert server.asked == 0


@mark.parametrize(
    "url, host",
    [("https://user:pw@h.example:1/a?b", "h.example"), ("http://[::1", "?"), ("", "?"), ("http://[::1]:1/", "::1")],
)
def test_a_message_names_the_host_alone(url: str, host: str) -> None:
    assert host_of(url) == host
