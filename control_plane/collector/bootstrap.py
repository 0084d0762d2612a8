"""Puts a collector together and runs it."""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence

from control_plane.certificate_files import CertificateError
from control_plane.collector.call_store import CallStore, utc_now
from control_plane.collector.counters import Counters
from control_plane.collector.engine import EngineMissing, StoreError, open_engine
from control_plane.collector.health import make_app, serving
from control_plane.collector.keeper import Keeper
from control_plane.collector.roll_up import RollUp
from control_plane.collector.service import CollectorService
from control_plane.collector.settings import Server, Settings, parse
from control_plane.collector.writer import Writer
from control_plane.distribution.server import Certificates, ServerTls, make_server
from control_plane.settings import Address, SettingsError, package_version
from control_plane.wall_clock import wall_clock

FAILED, MISUSED = 1, 2  # exit statuses
FINISH_SECONDS = 8.0  # for streams to end once what they have brought is stored
STOP_SECONDS = 20.0
EMBEDDED_DATABASE = "isthmus"

logger = logging.getLogger(__name__)


class CannotStart(Exception):
    """One line for the operator."""


def main(arguments: Sequence[str]) -> int:
    """Run a collector until it is told to end. Returns the exit status."""
    try:
        settings = parse(arguments, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"isthmus-collector: {error}\n")
        return MISUSED
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    for library in ("urllib3", "clickhouse_connect"):  # what they warn of fails, and is said by us, once
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        asyncio.run(_run_until_told(settings))
    except CannotStart as error:
        sys.stderr.write(f"isthmus-collector: {error}\n")
        return FAILED
    except ExceptionGroup:
        logger.exception("collector_failed")
        return FAILED
    return 0


async def _run_until_told(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    running = loop.create_task(Collector(settings).run())

    def stop() -> None:
        if running.cancelling():
            os._exit(FAILED)
        logger.info("collector_stops")
        running.cancel()
        loop.call_later(STOP_SECONDS, os._exit, FAILED)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await running


class Collector:
    """All of one process.

    Raises:
        CannotStart: the store's packages are missing, or its folder cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        where = settings.store
        database = where.database if isinstance(where, Server) else EMBEDDED_DATABASE
        try:
            self._store = CallStore(open_engine(where), database, settings.retention)
        except EngineMissing as error:
            raise CannotStart(str(error)) from error
        self._counters = Counters()
        self._keeper = Keeper(self._store, self._counters)
        self._roll_up = RollUp(self._store, self._keeper, self._counters, utc_now)
        self._writer = Writer(self._store, self._keeper, self._counters, utc_now, self._roll_up.add)
        self._service = CollectorService(self._writer, self._keeper, self._counters, settings.trust_domain, wall_clock)

    async def run(self) -> None:
        """Until cancelled; then what has been received is stored, if it can be.

        Raises:
            CannotStart: a port is taken, or a certificate cannot be used.
        """
        settings = self._settings
        tls = ServerTls(settings.certificate, settings.key, settings.authority)
        health = _bind("--health-listen", settings.health_listen)
        try:
            server, port = make_server(str(settings.listen), Certificates(tls, wall_clock), self._service.handler())
        except CertificateError as error:
            raise CannotStart(f"--cert, --key and --ca: {error}") from error
        except OSError as error:
            raise CannotStart(f"--listen {settings.listen}: the address cannot be bound") from error
        async with serving(make_app(self._keeper, self._counters), health), asyncio.TaskGroup() as group:
            background = [group.create_task(each.run()) for each in (self._keeper, self._writer, self._roll_up)]
            await server.start()
            logger.info(
                "collector_started version=%s port=%d health_port=%d", package_version(), port, health.getsockname()[1]
            )
            try:
                await asyncio.Event().wait()
            finally:
                self._service.stop()
                self._writer.hurry()
                await server.stop(FINISH_SECONDS)
                for task in background:
                    task.cancel()
                with contextlib.suppress(StoreError):
                    await self._keeper.call(self._store.close)
                logger.info("collector_ended unstored_bytes=%d", self._counters.pending_bytes)


def _bind(flag: str, address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        bound = socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        raise CannotStart(f"{flag} {address}: {error.strerror or error}") from error
    bound.setblocking(False)
    return bound
