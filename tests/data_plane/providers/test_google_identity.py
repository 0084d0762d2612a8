"""A token from Google's metadata server, and from nobody who only looks like it."""

from aiohttp import web
from pytest import LogCaptureFixture, raises

from data_plane.errors import ProviderAuthFailed
from data_plane.providers.google_identity import TOKEN_PATH, GoogleWorkloadIdentity, start_google_identity
from tests.fakes.identity_server import IdentityServer, serving
from tests.fakes.virtual_clock import VirtualClock


async def scopes(server: IdentityServer, request: web.Request) -> web.Response:
    server.extra["scopes"] = request.query.get("scopes")
    answer = server.access_token()
    answer.headers["Metadata-Flavor"] = "Google"
    return answer


async def stranger(server: IdentityServer, request: web.Request) -> web.Response:
    return server.access_token()


async def test_scopes_are_joined_by_commas() -> None:
    async with serving(lambda: 0.0, {TOKEN_PATH: scopes}) as server:
        environment = {"GCE_METADATA_HOST": server.url.removeprefix("http://")}
        await start_google_identity(GoogleWorkloadIdentity("a b"), environment, VirtualClock().clock).ready()

        assert server.extra["scopes"] == "a,b"


async def test_who_does_not_show_itself_as_google_s_is_not_believed(caplog: LogCaptureFixture) -> None:
    async with serving(lambda: 0.0, {TOKEN_PATH: stranger}) as server:
        environment = {"GCE_METADATA_ROOT": server.url.removeprefix("http://")}
        with raises(ProviderAuthFailed):
            await start_google_identity(GoogleWorkloadIdentity(), environment, VirtualClock().clock).ready()

    assert "is no metadata server of Google" in caplog.text
