"""A Google service account's key: an assertion that is signed by it is exchanged for a token.

Source: developers.google.com/identity/protocols/oauth2/service-account (2026-11), RFC 7523.
"""

from base64 import urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from data_plane.providers.bearer import Bearer
from data_plane.providers.clock import SYSTEM_CLOCK, Clock
from data_plane.providers.key_line import can_be_sent
from data_plane.providers.token import Issued, TokenFailure, TokenSource
from data_plane.providers.token_endpoint import Call, bearer_token, send

TOKEN_URL = "https://oauth2.googleapis.com/token"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ASSERTION_SECONDS = 3600  # the longest that Google takes
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"


@dataclass(frozen=True, slots=True, repr=False)
class GoogleServiceAccount:
    """Implements `CredentialSpec`. `private_key`: in PEM."""

    email: str
    private_key: str
    key_id: str = ""
    token_url: str = TOKEN_URL
    scope: str = CLOUD_PLATFORM  # words with spaces between them

    def start(self) -> Bearer:
        return start_google_account(self)


def read_key_file(text: str, scope: str) -> GoogleServiceAccount:
    """What the console lets one download, as JSON.

    Raises:
        ValueError: it is no key of a service account; the message holds nothing of it.
    """
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        found = None
    if not isinstance(found, dict) or found.get("type") != "service_account":
        raise ValueError("it must be a service account's key in JSON, with `type: service_account`")
    texts = {
        name: str(found.get(name) or "") for name in ("client_email", "private_key", "private_key_id", "token_uri")
    }
    url = texts["token_uri"] or TOKEN_URL
    if not texts["client_email"] or not url.startswith(("https://", "http://")) or not can_be_sent(url):
        raise ValueError("a service account's key must have `client_email`, and an address as `token_uri`")
    account = GoogleServiceAccount(
        texts["client_email"], texts["private_key"], texts["private_key_id"], url, scope or CLOUD_PLATFORM
    )
    try:
        assertion(account, 0.0)
    except TokenFailure as failure:
        raise ValueError(str(failure)) from None
    return account


def start_google_account(spec: GoogleServiceAccount, clock: Clock = SYSTEM_CLOCK) -> Bearer:
    """At work, by a clock of one's own."""

    async def fetch() -> Issued[bytes]:
        fields = {"grant_type": GRANT, "assertion": assertion(spec, clock.wall())}
        return bearer_token(await send(Call.form(spec.token_url, fields)))

    return Bearer(TokenSource("Google service account", fetch, clock))


def assertion(account: GoogleServiceAccount, unix_seconds: float) -> str:
    """What the account says of itself, signed with RS256. Costs about a millisecond.

    Raises:
        TokenFailure: there is no RSA key in it.
    """
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        # Not checked for being well made, which takes longer than the loop may stand still; Google made it.
        key = load_pem_private_key(account.private_key.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise TokenFailure("`private_key` of the service account is no RSA key in PEM: download a new key")
    now = int(unix_seconds)
    head = {"alg": "RS256", "typ": "JWT"} | ({"kid": account.key_id} if account.key_id else {})
    claims = {
        "iss": account.email,
        "scope": account.scope,
        "aud": TOKEN_URL,  # always, also where a private address leads there
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    signed = b".".join(_encoded(msgspec.json.encode(part)) for part in (head, claims))
    return (signed + b"." + _encoded(key.sign(signed, PKCS1v15(), SHA256()))).decode()


def _encoded(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
