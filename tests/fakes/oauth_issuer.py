"""Token endpoints of OAuth, Microsoft Entra and Google, each as strict as the real one."""

import json
from base64 import b64decode, urlsafe_b64decode
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, unquote_plus

from aiohttp import web
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.identity_server import IdentityServer

CLIENT_ID, CLIENT_SECRET = "client:1", "s3cr3t+/ :%é"  # both with what has to be encoded
POD_TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwb2QifQ.c2lnbmF0dXJl"
EMAIL, KEY_ID = "robot@project.iam.gserviceaccount.com", "key-1"
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
AUDIENCE = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k"
PRIVATE_KEY: RSAPrivateKey = generate_private_key(65537, 2048)
PRIVATE_PEM = PRIVATE_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(token_url: str, **changes: object) -> str:
    """A key file as the console gives it, shortened."""
    return json.dumps(
        {
            "type": "service_account",
            "project_id": "project",
            "private_key_id": KEY_ID,
            "private_key": PRIVATE_PEM,
            "client_email": EMAIL,
            "token_uri": token_url,
        }
        | changes
    )


async def client_credentials(server: IdentityServer, request: web.Request) -> web.Response:
    """Takes the client in a header or in the form, never both: RFC 6749, 2.3."""
    form = await _form(request)
    if form is None or form.get("grant_type") != "client_credentials" or form.get("scope") != "one two":
        return server.refuse("the form")
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme == "Basic":
        client, _, secret = b64decode(value).decode().partition(":")
        pair = (unquote_plus(client), unquote_plus(secret))
        if "client_id" in form or "client_secret" in form:
            return server.refuse("two ways of proof")
    else:
        pair = (form.get("client_id", ""), form.get("client_secret", ""))
    return server.access_token() if pair == (CLIENT_ID, CLIENT_SECRET) else server.refuse("the client")


async def entra(server: IdentityServer, request: web.Request) -> web.Response:
    form = await _form(request)
    if (
        form is None
        or form.get("grant_type") != "client_credentials"
        or not form.get("scope", "").endswith("/.default")
    ):
        return server.refuse("the form")
    assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    is_client = form.get("client_secret") == CLIENT_SECRET
    is_pod = form.get("client_assertion") == POD_TOKEN and form.get("client_assertion_type") == assertion
    if form.get("client_id") != CLIENT_ID or is_client == is_pod:
        return server.refuse("the client")
    return server.access_token()


async def google_jwt(server: IdentityServer, request: web.Request) -> web.Response:
    """Verifies the assertion by the account's public key, and what it says."""
    form = await _form(request)
    if form is None or form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
        return server.refuse("the form")
    try:
        head, claims = verify_jwt(form["assertion"], PRIVATE_KEY.public_key())
    except (InvalidSignature, ValueError, KeyError):
        return server.refuse("the signature")
    now = server.wall()
    issued, ends = claims.get("iat"), claims.get("exp")
    if (
        not isinstance(issued, int)
        or not isinstance(ends, int)
        or not now - 60 <= issued <= now < ends <= issued + 3600
    ):
        return server.refuse("the times")
    expected = {"iss": EMAIL, "scope": CLOUD_PLATFORM, "aud": "https://oauth2.googleapis.com/token"}
    if {name: claims.get(name) for name in expected} != expected or head.get("kid") != KEY_ID:
        return server.refuse("the claims")
    return server.access_token()


async def google_metadata(server: IdentityServer, request: web.Request) -> web.Response:
    if request.headers.get("metadata-flavor") != "Google" or request.method != "GET":
        return server.refuse("no Metadata-Flavor")
    answer = server.access_token()
    answer.headers["Metadata-Flavor"] = "Google"
    return answer


async def google_exchange(server: IdentityServer, request: web.Request) -> web.Response:
    expected = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": AUDIENCE,
        "scope": CLOUD_PLATFORM,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token": POD_TOKEN,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }
    return server.access_token() if await _form(request) == expected else server.refuse("the exchange")


async def google_impersonation(server: IdentityServer, request: web.Request) -> web.Response:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    if bearer != server.issued[-1] or request.content_type != "application/json":
        return server.refuse("the exchanged token")
    if (await request.json()) != {"scope": [CLOUD_PLATFORM], "lifetime": "3600s"}:
        return server.refuse("what is asked for")
    ends = datetime.fromtimestamp(server.wall() + 3600, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return web.json_response({"accessToken": server.issue("imp-"), "expireTime": ends})


def verify_jwt(token: str, key: RSAPublicKey) -> tuple[dict[str, object], dict[str, object]]:
    """Head and claims of a token that the key has signed with RS256."""
    signed, _, signature = token.rpartition(".")
    key.verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    head, claims = (json.loads(_decoded(part)) for part in signed.split("."))
    if (head["alg"], head["typ"]) != ("RS256", "JWT"):
        raise ValueError("another algorithm")
    return head, claims


def _decoded(part: str) -> bytes:
    if "=" in part:
        raise ValueError("padded")
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


async def _form(request: web.Request) -> Mapping[str, str] | None:
    """None: the request is no form, or a field stands in it twice."""
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        return None
    pairs = parse_qsl(await request.text(), keep_blank_values=True)
    return dict(pairs) if len(dict(pairs)) == len(pairs) else None
