"""Requests to what issues tokens: a token endpoint, or a metadata service of the machine.

No redirects, no proxies, the system's certificate authorities, and answers of bounded size. Nothing of an answer goes
into an error but words that are known here: an endpoint may repeat what it was sent.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from urllib.parse import urlencode, urlsplit

import msgspec

from data_plane.providers.key_line import can_be_sent, key_line
from data_plane.providers.token import MAX_LIFETIME_SECONDS, Issued, TokenFailure

MAX_ANSWER_BYTES = 64 * 1024
DEFAULT_LIFETIME_SECONDS = 300.0  # of a token that does not say how long it holds
FORM = "application/x-www-form-urlencoded"
# Source: RFC 6749, 5.2; RFC 8707, 2; RFC 6749, 4.1.2.1 for the last two.
OAUTH_ERRORS = frozenset(
    (
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
    )
)
ENTRA_CODE = re.compile(r"AADSTS\d{3,9}")  # in `error_description`; what Microsoft's pages are found by


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """`host`: who answered. `headers`: names in lower case."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Call:
    """A request, made once. A body is a form."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def form(cls, url: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> "Call":
        """A POST; fields without a value are left out."""
        body = urlencode({name: value for name, value in fields.items() if value}).encode()
        return cls(url, "POST", {"content-type": FORM, "accept": "application/json", **(headers or {})}, body)


async def send(call: Call) -> Reply:
    """The answer, whatever its status.

    Raises:
        TokenFailure: there is none that can be used.
    """
    if "aiohttp" not in sys.modules:  # costs more than a tenth of a second, during which other requests go on
        await asyncio.to_thread(import_module, "aiohttp")
    import aiohttp

    host = host_of(call.url)
    headers = {"accept-encoding": "identity", "user-agent": "isthmus", **call.headers}
    try:
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(force_close=True), cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
            ) as session,
            session.request(
                call.method, call.url, data=call.body or None, headers=headers, allow_redirects=False
            ) as response,
        ):
            if 300 <= response.status < 400:
                raise TokenFailure(f"'{host}' redirects, which is not followed: configure the address it names")
            body = await _bounded(response.content.read)
            found = {name.lower(): value for name, value in response.headers.items()}
            return Reply(host, response.status, found, body)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        if isinstance(error, TimeoutError):
            raise
        raise TokenFailure(f"'{host}' cannot be asked: {_reason(error)}") from None


def host_of(url: str) -> str:
    """Of a URL that may be anything, for messages."""
    try:
        return urlsplit(url).hostname or "?"
    except ValueError:
        return "?"


def json_object(reply: Reply) -> dict[str, object]:
    """
    Raises:
        TokenFailure: the body is none.
    """
    try:
        value = msgspec.json.decode(reply.body)
    except msgspec.DecodeError:
        value = None
    if not isinstance(value, dict):
        raise TokenFailure(f"'{reply.host}' answered {reply.status} without a JSON object: is it the right address?")
    return value


def text_of(answer: Mapping[str, object], name: str, host: str) -> str:
    """A field that has to be there.

    Raises:
        TokenFailure: it is not, or is no text that a header can carry.
    """
    value = answer.get(name)
    if not isinstance(value, str) or not value or not can_be_sent(value):
        raise TokenFailure(f"the answer of '{host}' has no `{name}` that can be used")
    return value


def seconds_until(answer: Mapping[str, object], name: str, host: str, now: float) -> float:
    """From `now`, in seconds since 1970, to the time in a field (RFC 3339).

    Raises:
        TokenFailure: there is none in it.
    """
    text = text_of(answer, name, host)
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp() - now
    except ValueError:
        raise TokenFailure(f"the answer of '{host}' has a `{name}` that is no time") from None


def bearer_token(reply: Reply) -> Issued[bytes]:
    """The header line of the access token in an answer. Source: RFC 6749, 5.1.

    Raises:
        TokenFailure: there is none in it.
    """
    answer = json_object(reply)
    if reply.status != 200:
        raise TokenFailure(refusal(reply, answer))
    kind = answer.get("token_type", "Bearer")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise TokenFailure(f"'{reply.host}' issues tokens of another type than Bearer, which providers do not take")
    token = text_of(answer, "access_token", reply.host)
    return Issued(key_line("authorization", token), _lifetime(answer.get("expires_in")))


def refusal(reply: Reply, answer: Mapping[str, object]) -> str:
    """What an answer with an error says, in words that are known."""
    error, description = answer.get("error"), answer.get("error_description")
    word = f" `{error}`" if isinstance(error, str) and error in OAUTH_ERRORS else ""
    code = ENTRA_CODE.search(description) if isinstance(description, str) else None
    return f"'{reply.host}' answered {reply.status}{word}{f' {code[0]}' if code else ''}: check its client and secret"


def _lifetime(seconds: object) -> float:
    """Some endpoints write the number as text."""
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) < 10:
        return float(seconds)
    if isinstance(seconds, int | float) and not isinstance(seconds, bool):
        return float(min(max(seconds, -1), MAX_LIFETIME_SECONDS))  # a whole number may be beyond a float
    return DEFAULT_LIFETIME_SECONDS


async def _bounded(read: Callable[[int], Awaitable[bytes]]) -> bytes:
    body = b""
    while chunk := await read(MAX_ANSWER_BYTES + 1 - len(body)):
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise TokenFailure(f"the answer is larger than {MAX_ANSWER_BYTES} bytes: is it the right address?")
    return body


def _reason(error: Exception) -> str:
    """Without the text of the error, which may repeat a URL or a header."""
    cause = getattr(error, "os_error", None) or error
    name = type(cause).__name__
    return {
        "ConnectionRefusedError": "it refuses connections",
        "ConnectionResetError": "it closed the connection",
        "ServerDisconnectedError": "it closed the connection",
        "ClientConnectorDNSError": "its name cannot be resolved",
        "gaierror": "its name cannot be resolved",
        "ClientConnectorCertificateError": "its certificate is not trusted",
        "SSLCertVerificationError": "its certificate is not trusted",
    }.get(name, name)
