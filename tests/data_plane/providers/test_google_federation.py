"""What the file of an external account may say, and what of it is not supported."""

import json
from pathlib import Path

from aiohttp import web
from pytest import LogCaptureFixture, mark, param, raises

from data_plane.errors import ProviderAuthFailed
from data_plane.providers.google_federation import GoogleFederation, start_google_federation
from tests.fakes.credential_cases import PATHS
from tests.fakes.identity_server import Answer, IdentityServer, serving
from tests.fakes.oauth_issuer import AUDIENCE, POD_TOKEN
from tests.fakes.virtual_clock import VirtualClock


async def subject(server: IdentityServer, request: web.Request) -> web.Response:
    if request.headers.get("x-flavor") != "own":
        return server.refuse("the headers")
    as_json = "json" in request.query
    return web.Response(text=json.dumps({"value": POD_TOKEN}) if as_json else f"{POD_TOKEN}\n")


SERVED: dict[str, Answer] = {**PATHS, "/subject": subject}


async def exchange(folder: Path, **changes: object) -> IdentityServer:
    """A fetch with a changed file; `{url}` in the texts of `credential_source` is filled in."""
    time = VirtualClock()
    async with serving(time.wall, SERVED) as server:
        account = {
            "type": "external_account",
            "audience": AUDIENCE,
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"{server.url}/exchange",
        } | changes
        (folder / "account.json").write_text(json.dumps(account).replace("{url}", server.url))
        await start_google_federation(GoogleFederation(str(folder / "account.json")), time.clock).ready()
    assert server.faults == []
    return server


@mark.parametrize(
    "source",
    [
        param({"url": "{url}/subject", "headers": {"x-flavor": "own"}}, id="text at an address"),
        param(
            {
                "url": "{url}/subject?json",
                "headers": {"x-flavor": "own"},
                "format": {"type": "json", "subject_token_field_name": "value"},
            },
            id="JSON at an address",
        ),
    ],
)
async def test_the_token_to_exchange_may_lie_at_an_address(source: dict[str, object], tmp_path: Path) -> None:
    server = await exchange(tmp_path, credential_source=source)

    assert server.paths == ["/subject", "/exchange"]


@mark.parametrize(
    "changes, message",
    [
        param({"type": "service_account"}, "type: external_account", id="another type"),
        param({}, "must have `file` or `url`", id="no source"),
        param({"credential_source": {"environment_id": "aws1"}}, "must have `file` or `url`", id="AWS"),
        param({"credential_source": {"file": "/missing"}}, "'/missing' cannot be read", id="no file"),
        param({"credential_source": {"url": "{url}/subject"}}, "answered 400 instead of", id="a refusal"),
        param({"audience": None, "credential_source": {"file": "/x"}}, "no `audience`", id="no audience"),
        param(
            {
                "credential_source": {
                    "url": "{url}/subject?json",
                    "headers": {"x-flavor": "own"},
                    "format": {"type": "json"},
                }
            },
            "must name `subject_token_field_name`",
            id="JSON without a field's name",
        ),
    ],
)
async def test_what_cannot_be_used_is_said(
    changes: dict[str, object], message: str, tmp_path: Path, caplog: LogCaptureFixture
) -> None:
    with raises(ProviderAuthFailed):
        await exchange(tmp_path, **changes)

    assert message in caplog.text


async def test_who_may_not_act_for_the_account_is_told(tmp_path: Path, caplog: LogCaptureFixture) -> None:
    source = {"url": "{url}/subject", "headers": {"x-flavor": "own"}}
    with raises(ProviderAuthFailed):
        await exchange(tmp_path, credential_source=source, service_account_impersonation_url="{url}/google")

    assert "check who may act for the service account" in caplog.text
