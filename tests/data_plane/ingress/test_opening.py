"""Connections before their first byte of HTTP, over real sockets and with real TLS."""

import asyncio
import errno
import os
import socket
import ssl

import msgspec
import pytest
import trustme

from data_plane.config.certificate import TlsSettings
from data_plane.exchange import Peer, Response
from data_plane.ingress import opening
from data_plane.ingress.bounds import Timeouts
from data_plane.listen_address import ListenAddress
from tests.fakes.certificates import authority, authority_pem, client_context, other_authority
from tests.fakes.front import GET, Open, sent, until
from tests.fakes.secure_front import PROXY, PROXY_TLS, TLS, SecureFront, proxy_header
from tests.fakes.sides import FakeWay

REQUIRE = TlsSettings(client_mode="Require", client_ca=authority_pem())
OPTIONAL = TlsSettings(client_mode="Optional", client_ca=authority_pem())


async def open_front(opened: Open, front: SecureFront) -> SecureFront:
    await opened(front)
    return front


def last_peer(front: SecureFront) -> Peer:
    return front.snapshots.exchanges[-1].request.peer


async def test_a_client_s_address_is_the_one_that_the_proxy_tells(opened: Open) -> None:
    front = await open_front(opened, SecureFront(PROXY))
    client = await front.connect()
    client.send(proxy_header("192.0.2.7") + GET)
    assert (await client.answer()).startswith(b"HTTP/1.1 200 ")
    assert last_peer(front) == Peer("192.0.2.7") and front.failures == {}


async def test_a_header_may_come_byte_by_byte_and_the_request_after_it(opened: Open) -> None:
    front = await open_front(opened, SecureFront(PROXY))
    client = await front.connect()
    for byte in proxy_header("2001:db8::7"):
        await client.send_all(bytes((byte,)))
        await asyncio.sleep(0)
    client.send(GET)
    await client.answer()
    assert last_peer(front).address == "2001:db8::7"


async def test_a_proxy_s_own_connection_has_the_proxy_s_address(opened: Open) -> None:
    front = await open_front(opened, SecureFront(PROXY))
    client = await front.connect()
    client.send(proxy_header(command=0x20) + GET)
    await client.answer()
    assert last_peer(front).address == "127.0.0.1"


@pytest.mark.parametrize("data", [GET, b"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n" + GET, proxy_header(family=0x12)])
async def test_what_does_not_begin_with_a_header_is_closed_without_a_word(opened: Open, data: bytes) -> None:
    front = await open_front(opened, SecureFront(PROXY))
    assert await front.ask(data) in (b"", b"<reset>")
    assert front.failures == {("proxy", "malformed"): 1} and front.snapshots.exchanges == []


async def test_who_is_not_trusted_is_not_even_listened_to(opened: Open) -> None:
    address = msgspec.structs.replace(PROXY, trusted=("192.0.2.0/24",))
    front = await open_front(opened, SecureFront(address))
    assert await front.ask(proxy_header("192.0.2.7") + GET) in (b"", b"<reset>")
    assert front.failures == {("proxy", "untrusted"): 1}


@pytest.mark.parametrize(("address", "stage"), [(PROXY, "proxy"), (TLS, "tls"), (PROXY_TLS, "proxy")])
async def test_who_says_nothing_is_closed_like_a_slow_head(opened: Open, address: ListenAddress, stage: str) -> None:
    front = await open_front(opened, SecureFront(address))
    client = await front.connect()
    await until(lambda: front.listener.openings)
    front.pass_time(front.listener.timeouts.head + 2)
    assert await client.rest() in (b"", b"<reset>")
    assert front.failures == {(stage, "timeout"): 1}


async def test_tls_follows_the_header(opened: Open) -> None:
    front = await open_front(opened, SecureFront(PROXY_TLS))
    plain = socket.create_connection(("127.0.0.1", front.port))
    plain.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(plain, proxy_header("192.0.2.7"))
    reader, writer = await asyncio.open_connection(sock=plain, ssl=client_context(), server_hostname="a.example")
    writer.write(GET)
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).startswith(b"HTTP/1.1 200 ")
    assert last_peer(front) == Peer("192.0.2.7", "https", "a.example")
    writer.transport.abort()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("a.example", "a.example"),
        ("A.EXAMPLE", "a.example"),
        ("x.b.example", "*.b.example"),
        ("c.b.example", "c.b.example"),
        ("nobody.example", "a.example"),
        (None, "a.example"),
    ],
)
async def test_the_certificate_is_the_one_for_the_name(opened: Open, asked: str | None, given: str) -> None:
    front = await open_front(opened, SecureFront(TLS, (("a.example",), ("*.b.example",), ("c.b.example",))))
    context = client_context()
    context.check_hostname = False
    client = await front.connect_tls(asked, context)
    shown = client.writer.get_extra_info("ssl_object").getpeercert()
    assert shown["subjectAltName"] == (("DNS", given),)
    client.send(GET)
    await client.answer()
    assert last_peer(front).server_name == (asked or "").lower()


async def test_only_http_1_1_is_agreed_on(opened: Open) -> None:
    front = await open_front(opened, SecureFront(TLS))
    for offered, agreed in ((["h2", "http/1.1"], "http/1.1"), (["h2"], None)):
        context = client_context()
        context.set_alpn_protocols(offered)
        client = await front.connect_tls(context=context)
        assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == agreed


def issued(by: trustme.CA, *names: str, common_name: str | None = None) -> ssl.SSLContext:
    return client_context(certificate=by.issue_cert(*names, common_name=common_name))


@pytest.mark.parametrize("name", ["a.example", "b.example"])
async def test_a_client_certificate_is_verified_and_known(opened: Open, name: str) -> None:
    front = await open_front(opened, SecureFront(TLS, (("a.example",), ("b.example",)), REQUIRE))
    context = client_context(certificate=authority().issue_cert("shop.internal", common_name="shop"))
    client = await front.connect_tls(name, context)
    client.send(GET)
    await client.answer()
    certificate = last_peer(front).certificate
    assert certificate is not None and len(certificate.sha256) == 64
    assert certificate.subject.startswith("CN=shop") and certificate.dns_names == ("shop.internal",)


async def test_a_resumed_session_has_the_certificate_that_began_it(opened: Open) -> None:
    front = await open_front(opened, SecureFront(TLS, settings=REQUIRE))
    context = old_client(ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM")
    authority().issue_cert("shop.internal").configure_cert(context)
    await asyncio.to_thread(resume, front.port, context)
    first, second = (exchange.request.peer.certificate for exchange in front.snapshots.exchanges)
    assert first is not None and first == second
    assert ("TLSv1.2", "true") in front.listener.metrics.handshakes


@pytest.mark.parametrize(
    ("settings", "context", "reason"),
    [
        (REQUIRE, client_context(), "client_certificate_missing"),
        (REQUIRE, issued(other_authority(), "x"), "client_certificate_refused"),
        (OPTIONAL, issued(other_authority(), "x"), "client_certificate_refused"),
    ],
    ids=["none", "stranger", "stranger where none is required"],
)
@pytest.mark.parametrize("name", ["a.example", "b.example"])
async def test_without_a_good_certificate_there_is_no_http(
    opened: Open, settings: TlsSettings, context: ssl.SSLContext, reason: str, name: str
) -> None:
    front = await open_front(opened, SecureFront(TLS, (("a.example",), ("b.example",)), settings))
    with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
        client = await front.connect_tls(name, context)  # with TLS 1.3 the client is done before we are
        client.send(GET)
        await client.answer()
    await until(lambda: front.failures)
    assert front.failures == {("tls", reason): 1} and front.snapshots.exchanges == []


async def test_an_optional_certificate_may_be_missing(opened: Open) -> None:
    front = await open_front(opened, SecureFront(TLS, settings=OPTIONAL))
    client = await front.connect_tls()
    client.send(GET)
    await client.answer()
    assert last_peer(front).certificate is None


async def test_plain_http_hears_in_http_what_is_wrong(opened: Open) -> None:
    front = await open_front(opened, SecureFront(TLS))
    answer = await front.ask(GET)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"use https://" in answer
    assert front.failures == {("tls", "not_tls"): 1}


@pytest.mark.parametrize(
    ("data", "reasons"),
    [(b"\0\1\2", {"not_tls"}), (b"\x16\x03\x01\xff\xff" + bytes(64), {"other", "not_tls"})],
    ids=["noise", "a broken hello"],
)
async def test_noise_is_closed_and_counted(opened: Open, data: bytes, reasons: set[str]) -> None:
    front = await open_front(opened, SecureFront(TLS))
    await front.ask(data)
    ((stage, reason),) = front.failures
    assert stage == "tls" and reason in reasons


def old_client(version: ssl.TLSVersion, ciphers: str) -> ssl.SSLContext:
    context = client_context()
    context.maximum_version = version
    context.set_ciphers(ciphers)
    return context


@pytest.mark.parametrize(
    ("settings", "context", "reason"),
    [
        (TlsSettings(), old_client(ssl.TLSVersion.TLSv1_2, "AES128-GCM-SHA256"), "no_shared_cipher"),
        (TlsSettings(), old_client(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256"), "no_shared_cipher"),
        (TlsSettings(min_version="TLS1.3"), old_client(ssl.TLSVersion.TLSv1_2, "HIGH"), "unsupported_version"),
    ],
    ids=["no forward secrecy", "no authenticated encryption", "too old"],
)
async def test_weak_tls_is_refused(opened: Open, settings: TlsSettings, context: ssl.SSLContext, reason: str) -> None:
    front = await open_front(opened, SecureFront(TLS, settings=settings))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await front.connect_tls(context=context)
    await until(lambda: front.failures)
    assert front.failures == {("tls", reason): 1}


async def test_a_client_that_does_not_read_holds_back_the_upstream_over_tls(opened: Open) -> None:
    way = FakeWay()
    front = await open_front(opened, SecureFront(TLS, way=way))
    client = await front.connect_tls()
    client.send(GET)
    run = await sent(way)
    client.stop_reading()
    run.on_response(Response(200, [], 32 << 20), b"", False)
    pieces = 0
    while "pause" not in way.upstream.calls:
        run.on_body(b"z" * 65536, False)
        pieces += 1
        await asyncio.sleep(0)
    assert pieces * 65536 < 16 << 20
    client.read_on()
    await until(lambda: "resume" in way.upstream.calls)
    run.on_body(b"z" * ((32 << 20) - pieces * 65536), True)
    assert (await client.answer()).count(b"z") == 32 << 20


async def test_sessions_are_resumed(opened: Open) -> None:
    front = await open_front(opened, SecureFront(TLS))
    context = old_client(ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM")
    await asyncio.to_thread(resume, front.port, context)
    counted = {labels: counter.value for labels, counter in front.listener.metrics.handshakes.items()}
    assert counted == {("TLSv1.2", "false"): 1, ("TLSv1.2", "true"): 1}


def resume(port: int, context: ssl.SSLContext) -> None:
    session = None
    for _ in range(2):
        plain = socket.create_connection(("127.0.0.1", port), 5)
        with context.wrap_socket(plain, server_hostname="a.example", session=session) as secure:
            secure.sendall(GET)
            assert secure.recv(65536).startswith(b"HTTP/1.1 200 ")
            session = secure.session


async def test_without_a_certificate_there_is_no_handshake(opened: Open) -> None:
    front = await open_front(opened, SecureFront(TLS, ()))
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await front.connect_tls()
    assert front.failures == {("tls", "no_certificate"): 1}


async def test_openings_count_as_connections(opened: Open) -> None:
    front = SecureFront(TLS)
    front.listener.capacity = type(front.listener.capacity)(connections=1)
    await open_front(opened, front)
    first = await front.connect()
    await until(lambda: front.listener.openings)
    assert await (await front.connect()).rest() in (b"", b"<reset>")
    assert front.failures == {("accept", "too_many"): 1}
    first.leave()
    await until(lambda: ("tls", "disconnected") in front.failures)
    client = await front.connect_tls()
    client.send(GET)
    await client.answer()


async def test_a_drain_does_not_wait_for_who_says_nothing(opened: Open) -> None:
    front = SecureFront(TLS)
    front.listener.timeouts = Timeouts(drain_idle=0.05)
    await open_front(opened, front)
    silent = await front.connect()
    await until(lambda: front.listener.openings)
    await asyncio.wait_for(front.listener.drain(60.0), 5.0)
    assert await silent.rest() in (b"", b"<reset>")


class Full(socket.socket):
    """A listening socket for whose connections there is no room, at first."""

    looks = 0

    def accept(self) -> tuple[socket.socket, object]:
        self.looks += 1
        if self.looks == 1:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


async def test_without_room_for_connections_it_rests_and_goes_on(
    opened: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(opening, "REST_SECONDS", 0.1)
    front = await open_front(opened, SecureFront(PROXY))
    full = Full()
    full.bind(("127.0.0.1", 0))
    await front.listener.serve(full, PROXY)
    front.port = full.getsockname()[1]
    client = await front.connect()
    client.send(proxy_header() + GET)
    await until(lambda: full.looks)
    assert full.looks == 1 and "Too many open files" in caplog.text
    assert (await client.answer()).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("speaks", [False, True], ids=["silent", "amid the handshake"])
async def test_a_drain_ends_openings(opened: Open, speaks: bool) -> None:
    front = await open_front(opened, SecureFront(TLS))
    client = await front.connect()
    if speaks:
        client.send(b"\x16\x03\x01")
    await until(lambda: front.listener.openings)
    await front.listener.drain(0.05)
    assert await client.rest() in (b"", b"<reset>")
    await until(lambda: not front.listener.openings)


async def test_a_unix_socket_s_clients_have_no_address(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> None:
    front = await open_front(opened, SecureFront(TLS))
    path = str(tmp_path_factory.mktemp("s") / "s")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    await front.listener.serve(listening, ListenAddress(path=path))
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(GET)
    await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert last_peer(front) == Peer()
    writer.transport.abort()
