"""A replica with several listeners, as it runs: TLS, PROXY headers, a Unix socket, certificates that change."""

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.certificates import authority, authority_pem, client_context, pair
from tests.fakes.model_server import ModelServer, model_server
from tests.fakes.replica import Replica, configuration, resource
from tests.fakes.secure_front import proxy_header

GET = b"GET /rest/x HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


@pytest.fixture
async def upstream() -> AsyncIterator[ModelServer]:
    async with model_server("alpha") as server:
        yield server


class Listeners:
    """Of one replica: plain, TLS and a Unix socket."""

    def __init__(self, folder: Path, upstream: ModelServer) -> None:
        self.folder = folder
        self.certificates = folder / "certificates"
        self.certificates.mkdir()
        self.path = folder / "s"
        self._urls = {"alpha": upstream.url}
        self.write_pair("edge", "file.example", "a.example")
        flags = (
            *("--listen", f"https://127.0.0.1:0,unix:{self.path}?mode=0600"),
            *("--tls-certificates", str(self.certificates)),
        )
        self.replica = Replica(folder, flags=flags)
        self.write_config({})

    def write_pair(self, name: str, *names: str) -> None:
        for suffix, content in zip((".crt", ".key"), pair(*names), strict=True):
            temporary = self.certificates / f".{name}{suffix}"
            temporary.write_bytes(content)
            temporary.rename(self.certificates / f"{name}{suffix}")

    def write_config(self, tls: Mapping[str, Any], **secrets: tuple[bytes, bytes]) -> None:
        documents = [each for each in configuration(self._urls) if each["kind"] != "Gateway"]
        documents.append(resource("Gateway", "default", {"tls": dict(tls)}, "platform"))
        for name, (chain, key) in secrets.items():
            data = {"tls.crt": chain.decode(), "tls.key": key.decode()}
            documents.append(resource("Secret", name, {"data": data}, "platform"))
        self.replica.write_config(documents)

    @property
    def tls_port(self) -> int:
        return int(self.replica.listeners[1].rpartition(":")[2])

    async def shown(self, name: str) -> str:
        """The first name of the certificate that a client which asks for `name` gets."""
        context = client_context()
        context.check_hostname = False
        streams = await asyncio.open_connection("127.0.0.1", self.tls_port, ssl=context, server_hostname=name)
        certificate = streams[1].get_extra_info("ssl_object").getpeercert()
        streams[1].transport.abort()
        return str(certificate["subjectAltName"][0][1])

    async def until_shown(self, name: str, certificate: str) -> None:
        async with asyncio.timeout(20):
            while await self.shown(name) != certificate:
                await asyncio.sleep(0.05)


@pytest.fixture
async def listeners(tmp_path: Path, upstream: ModelServer) -> AsyncIterator[Listeners]:
    listeners = Listeners(tmp_path, upstream)
    async with listeners.replica:
        yield listeners


async def ask(port: int, data: bytes = GET, context: ssl.SSLContext | None = None, name: str | None = None) -> bytes:
    """All that comes back until the replica closes."""
    streams = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
    return await answer(streams, data)


async def answer(streams: tuple[asyncio.StreamReader, asyncio.StreamWriter], data: bytes) -> bytes:
    reader, writer = streams
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.read(1 << 20), 10)
    finally:
        writer.transport.abort()


async def test_all_listeners_serve_and_the_unix_socket_goes_at_the_end(listeners: Listeners) -> None:
    replica = listeners.replica
    for _ in range(6):  # whichever worker it is
        assert (await ask(replica.port)).startswith(b"HTTP/1.1 200 ")
        assert (await ask(listeners.tls_port, GET, client_context(), "a.example")).startswith(b"HTTP/1.1 200 ")
        unix = await asyncio.open_unix_connection(str(listeners.path))
        assert (await answer(unix, GET)).startswith(b"HTTP/1.1 200 ")
    assert replica.listeners[2] == f"unix:{listeners.path}"
    replica.signal(signal.SIGTERM)
    assert await replica.wait_end() == 0
    assert not listeners.path.exists()


async def test_certificates_change_without_a_pause(listeners: Listeners) -> None:
    streams = await asyncio.open_connection(
        "127.0.0.1", listeners.tls_port, ssl=client_context(), server_hostname="a.example"
    )
    assert await listeners.shown("a.example") == "file.example"
    pids = listeners.replica.worker_pids()
    listeners.write_config({"certificateRefs": [{"name": "edge"}]}, edge=pair("config.example", "a.example"))
    await listeners.until_shown("a.example", "config.example")  # the configuration counts before files
    assert await listeners.shown("file.example") == "file.example"
    assert await listeners.shown("nobody.example") == "config.example"
    listeners.write_config({"certificateRefs": [{"name": "edge"}]}, edge=(pair("x")[0], pair("y")[1]))
    await listeners.replica.until(lambda: "does not belong to the certificate" in listeners.replica.log())
    assert await listeners.shown("a.example") == "config.example"
    listeners.write_config({})
    listeners.write_pair("edge", "later.example", "a.example")
    await listeners.until_shown("a.example", "later.example")
    assert (await answer(streams, GET)).startswith(b"HTTP/1.1 200 ")
    assert sorted(listeners.replica.worker_pids()) == sorted(pids)
    left = await listeners.replica.metric("isthmus_tls_certificate_expiry_seconds")
    assert left > 0


async def test_client_certificates_are_asked_for_by_configuration(listeners: Listeners) -> None:
    required = {"clientCertificates": {"mode": "Require", "caPem": authority_pem()}}
    listeners.write_config(required)
    await listeners.replica.wait_for(lambda status: status["revision"] == 2)
    own = client_context(certificate=authority().issue_cert("client.example"))
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        assert await ask(listeners.tls_port, GET, client_context(), "a.example") == b""
    assert (await ask(listeners.tls_port, GET, own, "a.example")).startswith(b"HTTP/1.1 200 ")
    other = GET.replace(b"a.example", b"b.example")
    assert (await ask(listeners.tls_port, other, own, "a.example")).startswith(b"HTTP/1.1 421 ")
    assert (await ask(listeners.replica.port, other)).startswith(b"HTTP/1.1 200 ")
    await listeners.replica.until_metric("isthmus_failed_openings_total", 1)


async def test_behind_a_proxy_the_header_tells_the_client(tmp_path: Path, upstream: ModelServer) -> None:
    flags = ("--listen", "127.0.0.2:0?proxy=v2&trusted=127.0.0.0/8")
    replica = Replica(tmp_path, flags=flags)
    replica.write_config(configuration({"alpha": upstream.url}))
    async with replica:
        port = int(replica.listeners[1].rpartition(":")[2])
        proxied = await asyncio.open_connection("127.0.0.2", port)
        assert (await answer(proxied, proxy_header("192.0.2.7") + GET)).startswith(b"HTTP/1.1 200 ")
        direct = await asyncio.open_connection("127.0.0.2", port)
        with contextlib.suppress(ConnectionError):
            assert await answer(direct, GET) == b""
        await replica.until_metric("isthmus_failed_openings_total", 1)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--listen", "127.0.0.1:0?proxy=v2"), "needs `trusted=CIDR`"),
        (("--tls-certificates", "/none"), "--tls-certificates: no certificate with a key in /none"),
        (("--listen", "unix:/none/s"), "cannot listen on unix:/none/s: No such file or directory"),
    ],
)
async def test_what_cannot_be_served_keeps_a_replica_from_starting(
    tmp_path: Path, flags: tuple[str, ...], words: str
) -> None:
    replica = Replica(tmp_path, flags=flags)
    replica.write_config(configuration({"alpha": "http://127.0.0.1:1"}))
    replica.spawn()
    try:
        assert await replica.wait_end() != 0
        assert words in replica.log()
    finally:
        replica.clean_up()
