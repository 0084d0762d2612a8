"""Connections before their first byte of HTTP: a PROXY header, a TLS handshake.

Nothing of this is on the way of listeners that have neither.
"""

import asyncio
import ipaddress
import logging
import socket
from typing import Protocol, cast

from data_plane.deadlines import Deadlines, Timer
from data_plane.exchange import Peer
from data_plane.ingress import tls
from data_plane.ingress.connection import Connection
from data_plane.ingress.host import Host, peer_of
from data_plane.ingress.proxy_protocol import ProxyHeaderError, ProxyHeaderReader
from data_plane.listen_address import ListenAddress
from data_plane.observability.delta import Delta
from data_plane.observability.metrics import Counter, Definition, Family
from data_plane.protocol import as_protocol
from data_plane.tasks import spawn

BACKLOG = 4096  # what the kernel holds while the loop is busy; nginx: 511
ACCEPTS = 64  # at a time, before others have their turn
REST_SECONDS = 1.0  # after the system had no room for another connection
HANDSHAKE_SECONDS = 10.0
SHUTDOWN_SECONDS = 5.0  # for the client's last word in TLS
WRITE_BUFFER_BYTES = 64 * 1024  # before a client counts as slow, as without TLS; both loops' own is 512 KiB
TLS_HANDSHAKE = b"\x16"
PLAIN_TEXT = b"this is an HTTPS port: use https://\n"
WRONG_PORT = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nx-isthmus-error: plain_http_at_tls_port\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%b" % (len(PLAIN_TEXT), PLAIN_TEXT)
)

HANDSHAKES = Definition(
    "isthmus_tls_handshakes_total", "counter", "TLS handshakes that were completed.", ("version", "resumed")
)
FAILED_OPENINGS = Definition(
    "isthmus_failed_openings_total",
    "counter",
    "Connections that ended before HTTP began: in the PROXY header, or in the TLS handshake.",
    ("stage", "reason"),
)

logger = logging.getLogger(__name__)


class OpeningMetrics:
    """What one worker counts of openings."""

    def __init__(self) -> None:
        self.handshakes = Family(HANDSHAKES, Counter)
        self.failed = Family(FAILED_OPENINGS, Counter)

    def deltas(self) -> list[Delta]:
        """What was added since the last call."""
        return [*self.handshakes.deltas(), *self.failed.deltas()]


class OpeningHost(Host, Protocol):
    """The listener, as openings need it."""

    contexts: tls.TlsContexts
    metrics: OpeningMetrics

    def begun(self, opening: "Opening") -> bool:
        """An opening has begun. False: it is one too many."""

    def over(self, opening: "Opening") -> None:
        """It is a connection now, or has failed."""

    def admits(self, address: str) -> bool:
        """Whether the address may have another connection."""


class Gate:
    """Accepts on one listening socket whose connections do not begin with HTTP."""

    def __init__(self, host: OpeningHost, listening: socket.socket, address: ListenAddress) -> None:
        self._host = host
        self._listening = listening
        self._address = address
        self._trusted = [ipaddress.ip_network(each) for each in address.trusted]
        self._is_open = False

    def open(self) -> None:
        self._listening.setblocking(False)
        self._listening.listen(BACKLOG)
        self._is_open = True
        self._resume()

    def close(self) -> None:
        """Accept no more."""
        self._is_open = False
        asyncio.get_running_loop().remove_reader(self._listening)
        self._listening.close()

    def _resume(self) -> None:
        if self._is_open:
            asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        for _ in range(ACCEPTS):
            try:
                accepted, name = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # it was gone before we came
            except OSError as error:  # no descriptors, no memory: as it stays readable, rest, or the loop would spin
                logger.error("cannot accept connections error=%s", error.strerror)
                loop = asyncio.get_running_loop()
                loop.remove_reader(self._listening)
                loop.call_later(REST_SECONDS, self._resume)
                return
            accepted.setblocking(False)
            self._open(accepted, name)

    def _open(self, accepted: socket.socket, name: object) -> None:
        address = name[0].removeprefix("::ffff:") if isinstance(name, tuple) else ""
        opening = Opening(self._host, accepted, self._address, address)
        if self._address.proxy and not self._may_speak_for_others(address):
            opening.fail("proxy", "untrusted")
        elif not self._host.begun(opening):
            opening.fail("accept", "too_many")
        else:
            opening.begin()

    def _may_speak_for_others(self, address: str) -> bool:
        if not address:
            return True  # a Unix socket: its file's mode says who may
        source = ipaddress.ip_address(address.partition("%")[0])
        return any(source in network for network in self._trusted)


class Opening:
    """One connection on its way to HTTP: it reads a PROXY header to its last byte, then looks whether TLS begins."""

    __slots__ = ("_address", "_handshake", "_header", "_host", "_is_tls", "_socket", "_timer")

    def __init__(self, host: OpeningHost, accepted: socket.socket, listener: ListenAddress, address: str) -> None:
        self._host = host
        self._socket = accepted
        self._address = address
        self._is_tls = listener.tls
        self._header = ProxyHeaderReader() if listener.proxy else None
        self._handshake: asyncio.Task[None] | None = None
        self._timer = Timer(self._expire)

    def begin(self) -> None:
        deadlines: Deadlines = self._host.deadlines
        deadlines.arm(self._timer, deadlines.now() + self._host.timeouts.head)
        asyncio.get_running_loop().add_reader(self._socket, self._on_readable)

    def fail(self, stage: str, reason: str) -> None:
        """End it, and count why."""
        self._host.metrics.failed[(stage, reason)].value += 1
        logger.info("connection refused stage=%s reason=%s address=%s", stage, reason, self._address)
        self._end()

    def close_if_idle(self) -> None:
        """End it unless its handshake is under way."""
        if self._handshake is None:
            self._end()

    def cut_off(self) -> None:
        """End it: its worker does."""
        if self._handshake is not None:
            self._handshake.cancel()
        else:
            self._end()

    def _on_readable(self) -> None:
        try:
            while self._header is not None:
                if self._read_header(self._header):
                    self._header = None
            if self._is_tls:
                self._look(self._socket.recv(1, socket.MSG_PEEK))
            else:
                self._connect()
        except BlockingIOError:
            return  # more is to come
        except ProxyHeaderError as error:
            logger.info("proxy_header_refused address=%s reason=%s", self._address, error)
            self.fail("proxy", "malformed")
        except OSError:
            self.fail("tls" if self._header is None else "proxy", "disconnected")

    def _read_header(self, header: ProxyHeaderReader) -> bool:
        """Read what is there of it, and nothing of what follows. Whether it is complete."""
        data = self._socket.recv(header.wanted)
        if not data:
            raise ConnectionResetError("closed amid the PROXY header")
        header.feed(data)
        if header.wanted:
            return False
        peer = header.peer()
        if peer is not None:
            self._address = peer.address
        return True

    def _look(self, first: bytes) -> None:
        if not first:
            self.fail("tls", "disconnected")
        elif first == TLS_HANDSHAKE:
            self._connect()
        else:
            if first.isalpha():  # as nginx: whoever speaks HTTP hears in HTTP what is wrong
                self._socket.recv(65536)  # else our close would be a reset, and the answer lost
                self._socket.send(WRONG_PORT)
                self._socket.shutdown(socket.SHUT_WR)
            self.fail("tls", "not_tls")

    def _connect(self) -> None:
        if not self._host.admits(self._address):  # before the handshake, which is what costs
            self.fail("accept", "address")
            return
        self._host.deadlines.drop(self._timer)
        asyncio.get_running_loop().remove_reader(self._socket)
        self._handshake = spawn(self._connect_as_protocol())

    async def _connect_as_protocol(self) -> None:
        loop = asyncio.get_running_loop()
        context = self._host.contexts.default if self._is_tls else None
        if self._is_tls and context is None:
            self.fail("tls", "no_certificate")
            return
        try:
            if context is None:
                await loop.connect_accepted_socket(self._make_plain, self._socket)
            else:
                await loop.connect_accepted_socket(
                    self._make_secure,
                    self._socket,
                    ssl=context,
                    ssl_handshake_timeout=HANDSHAKE_SECONDS,
                    ssl_shutdown_timeout=SHUTDOWN_SECONDS,
                )
        except OSError as error:
            self.fail("tls" if self._is_tls else "proxy", tls.reason_of(error))
        except Exception:  # a bug, which may cost this connection and no more
            logger.exception("connection cannot be opened")
            self.fail("tls" if self._is_tls else "proxy", "other")
        except asyncio.CancelledError:
            self._end()
            raise
        else:
            self._host.over(self)

    def _make_plain(self) -> asyncio.Protocol:
        return as_protocol(Connection(self._host, lambda _: Peer(self._address)))

    def _make_secure(self) -> asyncio.Protocol:
        return as_protocol(Connection(self._host, self._secure_peer))

    def _secure_peer(self, transport: asyncio.BaseTransport) -> Peer:
        connection = transport.get_extra_info("ssl_object")
        if connection is None:
            return peer_of(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(WRITE_BUFFER_BYTES)
        self._host.metrics.handshakes[(connection.version(), str(connection.session_reused).lower())].value += 1
        return tls.peer_of(connection, self._address)

    def _expire(self) -> None:
        self.fail("tls" if self._header is None else "proxy", "timeout")

    def _end(self) -> None:
        self._host.deadlines.drop(self._timer)
        if self._handshake is None and self._socket.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._host.over(self)
