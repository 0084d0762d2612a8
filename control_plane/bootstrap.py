"""Puts a control plane together and runs it."""

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime

from aiohttp import web

from control_plane.api.app import Gate, make_app
from control_plane.api.authentication import Authentication
from control_plane.api.endpoints import Endpoints, Services
from control_plane.api.health import Readiness, make_health_app
from control_plane.api.idempotency import Idempotency
from control_plane.api.throttle import Throttle
from control_plane.api.tls import ListenerTls
from control_plane.audit.log import timestamp
from control_plane.audit.retention import AuditRetention
from control_plane.backup.apply import RestoreDuty
from control_plane.backup.export import Exporter
from control_plane.backup.fence import FencedStore
from control_plane.backup.restore import Restores
from control_plane.backup.snapshot import KeyFileError as GroupKeyFileError
from control_plane.backup.snapshot import Snapshots, read_group_key
from control_plane.certificate_files import CertificateError, CertificateFiles, CertificatePaths
from control_plane.certificate_watch import CertificateWatch, Watched
from control_plane.distribution.catalog import StoreReplaced
from control_plane.distribution.distribution import Distribution, DistributionOptions
from control_plane.distribution.epoch import ensure_epoch
from control_plane.distribution.members import Member, Members
from control_plane.distribution.server import ServerTls
from control_plane.distribution.service import ServiceOptions
from control_plane.distribution.unseal import unsealer
from control_plane.errors import StoreUnavailable
from control_plane.etcd.settings import EtcdSettings
from control_plane.history.retention import HistoryRetention
from control_plane.identity.tokens import AdminTokens, BootstrapError
from control_plane.leader.election import Election
from control_plane.measured_store import MeasuredStore
from control_plane.metrics import Metrics, Value
from control_plane.secrets.rotation import KeyRotation
from control_plane.secrets.sealer import KeyFileError, Sealer, read_key_file
from control_plane.settings import Address, EtcdAccess, Settings, SettingsError, package_version, parse
from control_plane.store.base import Store, StoreError, UnderRestore
from control_plane.store.etcd import EtcdStore
from control_plane.store.index import Index
from control_plane.store.initialise import WrongMasterKey, check_master_key, initialise
from control_plane.store.keys import RESTORE_KEY
from control_plane.store.resources import Resources
from control_plane.store.skew import Readers, oldest_of
from control_plane.store.writer import Writer
from control_plane.wall_clock import wall_clock

FAILED, MISUSED = 1, 2  # exit statuses
RETRY_SECONDS = 1.0
STREAM_SECONDS = 5.0  # how long requests may go on when the process ends
STOP_SECONDS = 20.0
KEEP_ALIVE_SECONDS = 75.0

STORE_REPLACED = (
    "etcd's revision went back: it is another store, or was put back from a snapshot. Start this control plane again; "
    "replicas take what the store has now once `isthmus restore` has announced it"
)

logger = logging.getLogger(__name__)


class CannotStart(Exception):
    """One line for the operator."""


def main(arguments: Sequence[str]) -> int:
    """Run a control plane until it is told to end. Returns the exit status."""
    try:
        settings = parse(arguments, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"isthmus-control-plane: {error}\n")
        return MISUSED
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s", force=True
    )
    logging.getLogger("aiohttp.access").setLevel(logging.WARNING)
    try:
        asyncio.run(_run_until_told(settings))
    except CannotStart as error:
        sys.stderr.write(f"isthmus-control-plane: {error}\n")
        return FAILED
    except ExceptionGroup as group:
        if group.subgroup(StoreReplaced):
            sys.stderr.write(f"isthmus-control-plane: {STORE_REPLACED}\n")
        else:
            logger.exception("control_plane_failed")
        return FAILED
    return 0


async def _run_until_told(settings: Settings) -> None:
    """Until SIGTERM or SIGINT; a second one ends the process at once."""
    loop = asyncio.get_running_loop()
    running = loop.create_task(ControlPlane(settings).run())

    def stop() -> None:
        if running.cancelling():
            os._exit(FAILED)
        logger.info("control_plane_stops")
        running.cancel()
        loop.call_later(STOP_SECONDS, os._exit, FAILED)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    with contextlib.suppress(asyncio.CancelledError):
        await running


class ControlPlane:
    """All of one process.

    Raises:
        CannotStart: a file or setting cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._readiness = Readiness()
        try:
            self._sealer = Sealer(read_key_file(settings.master_key_file))
            if settings.last_good_key_file:
                read_group_key(settings.last_good_key_file)  # said now, not when the first snapshot is wanted
            tls_files = _tls_files(settings)
            self._tls = ListenerTls(tls_files.current) if tls_files else None
            etcd = _etcd(settings.etcd)
            self._store: Store = MeasuredStore(etcd, self._metrics)
            self._distribution = _distribution(self._store, self._sealer, settings)
        except (KeyFileError, GroupKeyFileError, ValueError) as error:
            raise CannotStart(str(error)) from error
        # What ordinary writes go through, and what is not theirs: leases, replicas' records, the restore itself.
        self._fenced = FencedStore(self._store)
        self._restore_duty = RestoreDuty(self._store)
        self._tokens = AdminTokens(self._fenced)
        self._index = Index(self._store)
        watched = [Watched(self._distribution.certificates.files, self._distribution.on_certificates)]
        if tls_files and self._tls:
            tls = self._tls
            watched.append(Watched(tls_files, lambda _, after: tls.use(after)))
        if etcd.certificate_files:
            watched.append(Watched(etcd.certificate_files, etcd.on_certificates))
        self._certificates = CertificateWatch(watched, settings.certificate_poll_seconds, wall_clock)
        duties = (
            self._restore_duty,
            HistoryRetention(self._fenced),
            AuditRetention(self._fenced),
            KeyRotation(self._fenced, self._sealer),
        )
        self._election = Election(self._store, settings.name, duties)
        self._members = Members(self._store, Member(settings.name, package_version()))

    async def run(self) -> None:
        """Until cancelled; then all is closed in the reverse order of its opening.

        Raises:
            CannotStart: a port is taken, the master key is another one, a file cannot be used.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(self._store.close)
            # Bound before the store is waited for: a port that is taken is said at once.
            api_socket = _bind("--listen", self._settings.api.listen)
            stack.callback(api_socket.close)
            health = make_health_app(self._readiness, self._metrics, self._gauges)
            health_socket = _bind("--health-listen", self._settings.health_listen)
            await stack.enter_async_context(_serving(health, health_socket, None))
            await self._start()
            await self._serve(api_socket)

    async def _start(self) -> None:
        """Wait for the store, and read it."""
        while True:
            try:
                await self._prepare_store()
                await self._index.start()
                await self._distribution.start()
                return
            except (WrongMasterKey, BootstrapError) as error:
                raise CannotStart(str(error)) from error
            except OSError as error:
                raise CannotStart(f"discovery: {error}") from error
            except UnderRestore:
                await self._finish_restore()
            except (StoreError, StoreUnavailable) as error:
                endpoints = ",".join(self._settings.etcd.endpoints)
                logger.warning("store_unreachable endpoints=%s reason=%r trying_again=true", endpoints, str(error))
            await asyncio.sleep(RETRY_SECONDS)
            await self._certificates.look()  # etcd may refuse the one that we have

    async def _finish_restore(self) -> None:
        """Take part in what ends a restore: there may be no other control plane left that does."""
        logger.warning("restore_under_way trying_again=true")
        election = Election(self._store, self._settings.name, (self._restore_duty,))
        async with asyncio.TaskGroup() as group:
            electing = group.create_task(election.run())
            with contextlib.suppress(StoreError):
                while True:
                    if await self._store.get(RESTORE_KEY) is None:
                        break
                    await asyncio.sleep(RETRY_SECONDS)
            electing.cancel()

    async def _prepare_store(self) -> None:
        """What a store has before anything else; each is done by the first control plane that comes."""
        await check_master_key(self._store, self._sealer)
        await ensure_epoch(self._store, lambda: secrets.token_hex(8))
        await initialise(self._store)
        if self._settings.bootstrap_token_file:
            made = await self._tokens.ensure_bootstrap(self._settings.bootstrap_token_file)
            if made:
                logger.info("bootstrap_token_made file=%s", self._settings.bootstrap_token_file)

    async def _serve(self, api_socket: socket.socket) -> None:
        endpoints = Endpoints(self._services())
        app = make_app(self._gate(), endpoints.by_action())
        app.on_shutdown.append(lambda _: endpoints.watches.close())
        async with asyncio.TaskGroup() as group:
            group.create_task(self._index.run())
            group.create_task(self._distribution.run())
            group.create_task(self._election.run())
            group.create_task(self._members.run())
            group.create_task(endpoints.events.run())
            group.create_task(self._certificates.run())
            async with _serving(app, api_socket, self._tls.context if self._tls else None):
                self._readiness.missing = ""
                logger.info(
                    "control_plane_ready name=%s version=%s api=%s discovery_port=%d revision=%d",
                    self._settings.name,
                    package_version(),
                    _address_of(api_socket),
                    self._distribution.port,
                    self._distribution.catalog.revision,
                )
                await asyncio.Event().wait()

    def _services(self) -> Services:
        nodes = self._distribution.nodes
        members = self._members

        def oldest_readers() -> Readers:
            return oldest_of(nodes.oldest_connected(), members.oldest())

        writer = Writer(self._fenced, self._index, self._sealer, readers=oldest_readers)
        return Services(
            store=self._store,
            index=self._index,
            resources=Resources(self._store, self._sealer, writer),
            tokens=self._tokens,
            exporter=Exporter(self._store, self._sealer, package_version(), lambda: datetime.now(UTC)),
            restores=Restores(self._store, self._sealer, lambda: datetime.now(UTC)),
            snapshots=Snapshots(self._distribution.catalog, self._settings.last_good_key_file),
            catalog=self._distribution.catalog,
            nodes=nodes,
            quarantine=self._distribution.quarantine,
            readiness=self._readiness,
            members=members,
            now=lambda: datetime.now(UTC),
        )

    def _gate(self) -> Gate:
        return Gate(
            Authentication(self._tokens, Throttle(time.monotonic)),
            Idempotency(self._store, self._sealer),
            self._metrics,
            time.monotonic,
        )

    def _gauges(self) -> Mapping[str, tuple[str, Value]]:
        catalog = self._distribution.catalog
        service = self._distribution.service
        return {
            "isthmus_control_plane_ready": ("1 once the store is loaded.", not self._readiness.missing),
            "isthmus_control_plane_leader": ("1 while this one leads.", self._election.fence is not None),
            "isthmus_control_plane_revision": ("Store revision that is served.", catalog.revision),
            "isthmus_control_plane_connected_replicas": ("Replicas connected here.", service.connected),
            "isthmus_control_plane_quarantined": (
                "Resources that replicas refuse.",
                len(self._distribution.quarantine.items()),
            ),
            "isthmus_control_plane_clock_seconds": ("The wall clock, since 1970.", datetime.now(UTC).timestamp()),
            "isthmus_control_plane_updates_total": ("Updates sent.", service.counters.updates),
            "isthmus_control_plane_acks_total": ("Updates that replicas accepted.", service.counters.acks),
            "isthmus_control_plane_nacks_total": ("Updates that replicas refused.", service.counters.nacks),
            "isthmus_control_plane_store_listings_total": (
                "Times that the watch had to begin anew.",
                catalog.counters.listings,
            ),
            **self._certificates.gauges(),
        }


@contextlib.asynccontextmanager
async def _serving(app: web.Application, bound: socket.socket, tls: ssl.SSLContext | None) -> AsyncIterator[None]:
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        shutdown_timeout=STREAM_SECONDS,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, bound, ssl_context=tls).start()
        yield
    finally:
        await runner.cleanup()


def _bind(flag: str, address: Address) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        bound = socket.create_server((address.host, address.port), family=family, backlog=512)
    except OSError as error:
        raise CannotStart(f"{flag} {address}: {error.strerror or error}") from error
    bound.setblocking(False)
    return bound


def _address_of(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return str(Address(host, port))


def _tls_files(settings: Settings) -> CertificateFiles | None:
    api = settings.api
    if not api.certificate or not api.key:
        return None
    try:
        return CertificateFiles(CertificatePaths("api", api.certificate, api.key), wall_clock)
    except CertificateError as error:
        raise CannotStart(f"--tls-cert '{api.certificate}' with --tls-key: {error}") from error


def _etcd(etcd: EtcdAccess) -> EtcdStore:
    try:
        password = etcd.password_file.read_text().strip() if etcd.password_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"--etcd-password-file '{etcd.password_file}' cannot be read") from error
    settings = EtcdSettings(etcd.endpoints, etcd.ca, etcd.cert, etcd.key, etcd.username or "", password)
    try:
        return EtcdStore(settings)
    except CertificateError as error:
        raise CannotStart(f"--etcd-ca, --etcd-cert, --etcd-key: {error}") from error


def _distribution(store: Store, sealer: Sealer, settings: Settings) -> Distribution:
    discovery = settings.discovery
    service = ServiceOptions(settings.name, discovery.trust_domain, lambda: timestamp(datetime.now(UTC)))
    tls = ServerTls(discovery.certificate, discovery.key, discovery.authority)
    try:
        return Distribution(store, unsealer(sealer), DistributionOptions(service, str(discovery.listen), tls))
    except CertificateError as error:
        raise CannotStart(f"--discovery-cert, --discovery-key, --discovery-ca: {error}") from error
