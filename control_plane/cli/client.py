"""A client of the control plane's REST API, as the commands need it."""

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, BinaryIO, Self

import aiohttp

from control_plane.cli.errors import CliError, ExitCode

Json = dict[str, Any]

CODES = {
    400: ExitCode.INVALID,
    401: ExitCode.DENIED,
    403: ExitCode.DENIED,
    404: ExitCode.NOT_FOUND,
    408: ExitCode.UNREACHABLE,
    409: ExitCode.CONFLICT,
    410: ExitCode.CONFLICT,
    412: ExitCode.CONFLICT,
    413: ExitCode.INVALID,
    415: ExitCode.INVALID,
    422: ExitCode.INVALID,
    429: ExitCode.DENIED,
    502: ExitCode.UNREACHABLE,
    503: ExitCode.UNREACHABLE,
    504: ExitCode.UNREACHABLE,
}
MAX_DETAILS = 20  # lines of an error
TRANSFER_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=300)  # it may have much to look at
TRANSFER_BYTES = 256 * 1024
MAX_LINE_BYTES = 2 * 1024 * 1024  # a watched resource is at most 1 MiB


@dataclass(frozen=True, slots=True)
class Access:
    """Where a control plane is and what proves us there. `ca_file` empty: the system's roots."""

    url: str
    token: str = field(repr=False)
    ca_file: str = ""


class Client:
    """One session with a control plane; to be used in `async with`."""

    def __init__(self, access: Access, *, timeout_seconds: float = 30.0) -> None:
        self._access = access
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        context: ssl.SSLContext | bool = True
        if self._access.ca_file:
            try:
                context = ssl.create_default_context(cafile=self._access.ca_file)
            except (OSError, ssl.SSLError) as error:
                raise CliError(f"cannot read the CA file '{self._access.ca_file}': {error}") from error
        headers = {"authorization": f"Bearer {self._access.token}"} if self._access.token else {}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context), headers=headers, timeout=self._timeout
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Call the API and return the JSON object of its answer; empty for an answer without one.

        Raises:
            CliError: no answer, or one that is an error; the message is the problem's own.
        """
        data = None if body is None else json.dumps(body).encode()
        sent = {**({"content-type": "application/json"} if data is not None else {}), **(headers or {})}
        try:
            async with self._open().request(
                method, self._url(path), params=query, data=data, headers=sent, allow_redirects=False
            ) as answer:
                await self._check(answer)
                return self._decode(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error

    async def download(self, path: str, file: BinaryIO, *, query: Mapping[str, str] | None = None) -> None:
        """Write an answer that is no JSON into a file, as it comes.

        Raises:
            CliError: no answer, one that is an error, or one that is cut short.
        """
        try:
            async with self._open().get(
                self._url(path), params=query, timeout=TRANSFER_TIMEOUT, allow_redirects=False
            ) as answer:
                await self._check(answer)
                async for piece in answer.content.iter_chunked(TRANSFER_BYTES):
                    await asyncio.to_thread(file.write, piece)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error

    async def upload(self, path: str, file: BinaryIO, *, query: Mapping[str, str], media_type: str) -> Json:
        """PUT a file, as it is read, and return the JSON object of the answer.

        Raises:
            CliError: as `request`.
        """
        try:
            async with self._open().put(
                self._url(path),
                params=query,
                data=_pieces(file),
                headers={"content-type": media_type},
                timeout=TRANSFER_TIMEOUT,
                allow_redirects=False,
            ) as answer:
                await self._check(answer)
                return self._decode(await answer.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error

    async def events(self, path: str, *, query: Mapping[str, str] | None = None) -> AsyncIterator[tuple[str, Json]]:
        """Yield `(event, data)` of a server-sent event stream. Source: WHATWG HTML, section 9.2.

        Raises:
            CliError: the stream was refused, or has ended: it does so only when something is wrong.
        """
        forever = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60)  # the server sends heartbeats
        try:
            async with self._open().get(
                self._url(path), params=query, timeout=forever, read_bufsize=MAX_LINE_BYTES, allow_redirects=False
            ) as answer:
                await self._check(answer)
                name, data = "message", ""
                async for raw in answer.content:
                    line = raw.decode(errors="replace").rstrip("\r\n")
                    if not line:
                        if data:
                            yield name, self._event(name, data)
                        name, data = "message", ""
                    elif line.startswith("event:"):
                        name = line[6:].strip()
                    elif line.startswith("data:"):
                        data += line[5:].strip()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._unreachable(error) from error
        raise CliError("the control plane ended the stream; begin again", ExitCode.UNREACHABLE)

    async def wait_until_ready(self, seconds: float) -> None:
        """Poll until the API answers, at most so long.

        Raises:
            CliError: it did not in time.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while True:
            try:
                await self.request("GET", "/v1/status")
            except CliError as error:
                if error.code is not ExitCode.UNREACHABLE or loop.time() > deadline:
                    raise
            else:
                return
            await asyncio.sleep(0.1)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("a client is used in `async with`")
        return self._session

    def _url(self, path: str) -> str:
        return self._access.url.rstrip("/") + path

    async def _check(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status >= 400:
            raise problem(answer.status, await answer.read())
        if answer.status >= 300:  # not followed: the token is for this address
            raise CliError(f"{self._access.url} redirects; give the address that it redirects to", ExitCode.UNREACHABLE)

    def _decode(self, text: bytes) -> Json:
        try:
            return _object(text)
        except ValueError as error:
            message = f"{self._access.url} does not answer like a control plane; is it the address of the REST API?"
            raise CliError(message, ExitCode.UNREACHABLE) from error

    def _event(self, name: str, data: str) -> Json:
        decoded = self._decode(data.encode())
        if name == "error":
            raise problem(int(decoded.get("status", 500)), data.encode())
        return decoded

    def _unreachable(self, error: BaseException) -> CliError:
        message = f"cannot reach the control plane at {self._access.url}: {_reason(error)}"
        return CliError(message, ExitCode.UNREACHABLE)


def problem(status: int, text: bytes) -> CliError:
    """The error that a problem document (RFC 9457) tells of."""
    try:
        document = _object(text)
    except ValueError:
        document = {}
    message = str(document.get("detail") or document.get("title") or f"the control plane answered {status}")
    errors = document.get("errors")
    details = tuple(
        f"  {entry.get('field') or 'document'}: {entry.get('message')}"
        for entry in (errors if isinstance(errors, list) else ())
        if isinstance(entry, dict)
    )
    if len(details) == 1:
        details = ()  # the message has said it
    if len(details) > MAX_DETAILS:
        details = (*details[:MAX_DETAILS], f"  and {len(details) - MAX_DETAILS} more")
    return CliError(message, CODES.get(status, ExitCode.FAILED), details)


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := await asyncio.to_thread(file.read, TRANSFER_BYTES):
        yield piece


def _reason(error: BaseException) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return f"{error.certificate_error}; --ca-file names a certificate to trust"
        case aiohttp.ClientConnectorError():
            return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.os_error)
        case aiohttp.InvalidURL():
            return "it is not an address like 'https://isthmus.example:8443'"
        case TimeoutError():
            return "it does not answer in time"
    return str(error) or type(error).__name__


def _object(text: bytes) -> Json:
    if not text.strip():
        return {}
    decoded = json.loads(text)
    if not isinstance(decoded, dict):
        raise ValueError("the answer is not a JSON object")
    return decoded
