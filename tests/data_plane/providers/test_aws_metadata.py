"""Which machines are asked for keys, and what else they may answer."""

from collections.abc import Mapping
from pathlib import Path

from aiohttp import web
from pytest import mark, param, raises

from data_plane.providers.aws_metadata import container_keys, has_container_keys, instance_keys
from data_plane.providers.token import TokenFailure
from tests.fakes.aws_issuer import CONTAINER_TOKEN, container
from tests.fakes.identity_server import IdentityServer, serving
from tests.fakes.virtual_clock import VirtualClock

FULL, TOKEN = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN"
CLOCK = VirtualClock().clock


@mark.parametrize(
    "url",
    [
        "http://10.0.0.1/keys",
        "http://metadata.example/",
        "http://169.254.170.2.evil.example/",
        "http://localhost.evil.example/",
        "http://127.0.0.1@evil.example/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "",
        "http://[::1",
    ],
)
async def test_the_token_of_a_container_goes_to_no_other_machine(url: str) -> None:
    with raises(TokenFailure, match="must be of `https`, or name the machine itself"):
        await container_keys({FULL: url, TOKEN: CONTAINER_TOKEN}, CLOCK)


async def test_a_token_may_stand_in_the_environment_itself() -> None:
    time = VirtualClock()
    async with serving(time.wall, {"/c": container}) as server:
        issued = await container_keys({FULL: f"{server.url}/c", TOKEN: CONTAINER_TOKEN}, time.clock)

    assert server.faults == []
    assert issued.lifetime_seconds == 3600
    assert issued.value.session_token == server.issued[0]


@mark.parametrize(
    "environment, expected",
    [({}, False), ({FULL: ""}, False), ({FULL: "x"}, True), ({"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/x"}, True)],
)
def test_a_container_says_so_in_its_environment(environment: Mapping[str, str], expected: bool) -> None:
    assert has_container_keys(environment) == expected


async def test_an_instance_is_not_asked_where_that_is_turned_off() -> None:
    with raises(TokenFailure, match="AWS_EC2_METADATA_DISABLED"):
        await instance_keys({"AWS_EC2_METADATA_DISABLED": "True"}, CLOCK)


@mark.parametrize(
    "answers, message",
    [
        param({"session": ""}, "is no metadata service", id="no session"),
        param({"session": "s", "roles": ""}, "the instance has no role", id="no role"),
        param({"session": "s", "roles": "r", "keys": '{"Code":"Failed"}'}, "has no keys for the role", id="no trust"),
        param({"session": "s", "roles": "r", "keys": '{"Code":"Success"}'}, "no `AccessKeyId`", id="no keys"),
        param({"session": "s", "roles": "r"}, "answered 404: check that an identity", id="an unknown role"),
    ],
)
async def test_why_an_instance_gives_no_keys_is_said(answers: Mapping[str, str], message: str) -> None:
    def says(name: str) -> object:
        async def answer(server: IdentityServer, request: web.Request) -> web.Response:
            return web.Response(text=answers[name], status=200)

        return answer

    roles = "/latest/meta-data/iam/security-credentials/"
    paths = {"/latest/api/token": "session", roles: "roles", f"{roles}r": "keys"}
    served = {path: says(name) for path, name in paths.items() if name in answers}
    async with serving(lambda: 0.0, served) as server:  # type: ignore[arg-type]
        with raises(TokenFailure, match=message):
            await instance_keys({"AWS_EC2_METADATA_SERVICE_ENDPOINT": f"{server.url}/"}, CLOCK)


async def test_a_token_s_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    environment = {FULL: "http://127.0.0.1:9/", f"{TOKEN}_FILE": str(tmp_path / "missing")}
    with raises(TokenFailure, match="missing' cannot be read"):
        await container_keys(environment, CLOCK)
