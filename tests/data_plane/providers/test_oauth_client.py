"""How an OAuth client asks for a token, as RFC 6749 has it."""

from base64 import b64decode
from urllib.parse import parse_qsl

from aiohttp import web
from pytest import mark, param

from data_plane.providers.credential import Outgoing
from data_plane.providers.oauth_client import ClientProof, OAuthClient, start_oauth_client
from tests.fakes.identity_server import IdentityServer, serving
from tests.fakes.virtual_clock import VirtualClock

OUTGOING = Outgoing(b"POST", b"h", b"/", b"", "api-key")


async def note(server: IdentityServer, request: web.Request) -> web.Response:
    form = dict(parse_qsl(await request.text()))
    server.faults.append(request.headers.get("authorization", ""))
    server.extra["scope"] = form
    return web.json_response({"access_token": "t"})


async def ask(spec: OAuthClient) -> tuple[str, dict[str, str]]:
    """The header and the form that the endpoint got."""
    async with serving(lambda: 0.0, {"/token": note}) as server:
        made = OAuthClient(
            f"{server.url}/token",
            spec.client_id,
            spec.client_secret,
            spec.scope,
            spec.audience,
            spec.resource,
            spec.proof,
        )
        await start_oauth_client(made, VirtualClock().clock).ready()
        form = server.extra["scope"]
        assert isinstance(form, dict)
        return server.faults[0], form


@mark.parametrize(
    "client, secret, pair",
    [
        param("id", "secret", "id:secret", id="plain"),
        param("a:b", "c:d", "a%3Ab:c%3Ad", id="colons"),
        param("a b", "c+d/e=", "a+b:c%2Bd%2Fe%3D", id="what forms encode"),
        param("ä", "100%", "%C3%A4:100%25", id="beyond ASCII"),
        param("a-._~z", "s", "a-._~z:s", id="what they leave"),
    ],
)
async def test_in_a_header_both_are_encoded_before_they_are_joined(client: str, secret: str, pair: str) -> None:
    header, form = await ask(OAuthClient("", client, secret))

    assert b64decode(header.removeprefix("Basic ")).decode() == pair
    assert form == {"grant_type": "client_credentials"}


async def test_in_the_form_nothing_is_in_the_header() -> None:
    header, form = await ask(OAuthClient("", "a:b", "c&d", proof="Post"))

    assert header == ""
    assert form == {"grant_type": "client_credentials", "client_id": "a:b", "client_secret": "c&d"}


@mark.parametrize("proof", ["Basic", "Post"])
async def test_scopes_audience_and_resource_are_sent_if_given(proof: ClientProof) -> None:
    _, form = await ask(OAuthClient("", "a", "b", "one two", "https://api.example", "urn:r", proof))

    assert form.items() >= {"scope": "one two", "audience": "https://api.example", "resource": "urn:r"}.items()


async def test_a_token_is_sent_as_bearer_whatever_header_keys_go_to() -> None:
    async with serving(lambda: 0.0, {"/token": note}) as server:
        credential = start_oauth_client(OAuthClient(f"{server.url}/token", "a", "b"), VirtualClock().clock)
        await credential.ready()

        proof = credential.prove(OUTGOING)

    assert proof is not None
    assert proof.lines == b"authorization: Bearer t\r\n"
    assert credential.prove(OUTGOING) is proof  # made once a token
