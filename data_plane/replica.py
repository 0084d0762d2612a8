"""One replica: an agent with its sockets, its admin port and the source of its configuration, from start to end."""

import asyncio
import logging
import math
import os
import random
import secrets
import signal
import socket
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from config_schemas.version import SCHEMA_VERSION
from data_plane.admin.server import AdminServer
from data_plane.agent import handover, notify, orphans, presence
from data_plane.agent.agent import Agent, Parts
from data_plane.agent.bootstrap_snapshot import Bootstrap, Location
from data_plane.agent.certificate_files import CertificateFiles
from data_plane.agent.certificate_watch import CertificateWatch
from data_plane.agent.collector_feed import CollectorFeed, Node
from data_plane.agent.configuration import Configuration
from data_plane.agent.discovery import Discovery
from data_plane.agent.handover import Inheritance
from data_plane.agent.messages import KeyPair, Start
from data_plane.agent.reaper import bury_orphans
from data_plane.agent.sockets import CannotListen, Sockets
from data_plane.agent.source import LastGoodSaver, StaticSource, restore
from data_plane.agent.static_config import StaticConfigError
from data_plane.agent.tls_files import TlsFiles
from data_plane.agent.upgrade import obstacle, upgrade
from data_plane.agent.worker_process import start_worker
from data_plane.clock import wall_clock
from data_plane.config.certificate import Certificate, CertificateError
from data_plane.config.last_good import KeyFileError, LastGoodFile, Opener, read_keys
from data_plane.config.resource_set import ResourceSet
from data_plane.config.subscriber import Identity, Subscriber
from data_plane.deadlines import Deadlines
from data_plane.equipment import Equipment
from data_plane.overview import Overview
from data_plane.settings import Address, Settings
from data_plane.tasks import spawn
from data_plane.telemetry.record import Origin
from data_plane.telemetry.sender import Sender
from data_plane.telemetry.spool import Spool

ADMIN = "admin"  # the name of the admin port's socket when it is handed over
SPOOLS = ("records", "records/successor")  # while two agents are there, each writes to one of its own
POLL_SECONDS = 0.1
LET_GO_SECONDS = 5.0  # for an agent that died amid its hand-over to be gone

logger = logging.getLogger(__name__)


class CannotStart(Exception):
    """One line for the operator."""


class Replica:
    """`inheritance`: what another agent hands over; None where we hold the data directory's lock from the beginning."""

    def __init__(self, settings: Settings, inheritance: Inheritance | None) -> None:
        self._settings = settings
        self._inheritance = inheritance
        self._environment = dict(os.environ)
        self._name = secrets.token_hex(8)
        self._last_good = _last_good_file(settings)
        self._saver = LastGoodSaver(self._last_good) if self._last_good else None
        adopted = inheritance.sockets if inheritance is not None else orphans.take(settings.data_dir)
        self.spool = next(each for each in SPOOLS if inheritance is None or each != inheritance.spool)
        equipment = Equipment(Deadlines(), Sender(), Origin(settings.node, settings.gateway))
        configuration = Configuration(equipment.compiler())
        self._certificates = _certificates(settings, configuration)
        try:
            self._sockets = Sockets(
                settings.listen, settings.workers, adopted, beside_orphans=presence.has_orphans(settings.data_dir)
            )
        except CannotListen as error:
            raise CannotStart(str(error)) from error
        self._admin_socket = adopted[ADMIN][0] if ADMIN in adopted else _bind_admin(settings.admin_listen)
        self._agent = Agent(
            Start(
                node=settings.node,
                gateway=settings.gateway,
                agent=self._name,
                worker=0,
                incarnation=time.time_ns() // 1_000_000,  # a record's name must not come back after a restart
                data_dir=str(settings.data_dir.absolute()),
                drain_seconds=settings.drain_seconds,
            ),
            Parts(
                configuration,
                Spool(settings.data_dir / self.spool, settings.spool_bytes),
                self._sockets,
                start_worker,
                settings.drain_delay_seconds,
            ),
        )
        self._overview = Overview(self._agent, settings, self._certificates)
        self._tls = _tls_files(settings)
        self._feed = self._overview.feed = self._collector_feed()
        self._admin = AdminServer(self._overview, settings.dump_token_file)
        self._use_certificates(self._certificates.files.certificates)
        self._is_in_office = asyncio.Event()  # nobody else serves
        self._may_be_followed = asyncio.Event()  # and whoever served before is gone
        self._has_followed = asyncio.Event()  # somebody else serves
        self._is_upgrading = False
        self._discovering: asyncio.Task[None] | None = None
        self._failure = ""

    async def run(self) -> None:
        """Until told to end, or until another has taken over.

        Raises:
            CannotStart: there is nothing to serve with, or what was handed over is not ours.
        """
        settings, agent = self._settings, self._agent
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, agent.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload)
        loop.add_signal_handler(signal.SIGUSR2, lambda: spawn(self._upgrade()))
        listeners = ",".join(self._sockets.address_of(address) for address in settings.listen)
        port = self._admin_socket.getsockname()[1]
        logger.info("replica starts node=%s listeners=%s admin_port=%d", settings.node, listeners, port)
        background = [spawn(self._certificates.run(self._use_certificates)), spawn(self._serve_in_office())]
        if os.getpid() == 1:
            background.append(spawn(bury_orphans()))
        if self._feed is not None:
            background.append(spawn(self._feed.run()))
        try:
            if settings.static_config is not None:
                await self._run_static(settings.static_config)
            else:
                await self._run_discovery(settings)
        finally:
            for task in background:
                task.cancel()
            await self._admin.stop()
            if not self._has_followed.is_set() and (self._inheritance is None or self._is_in_office.is_set()):
                self._sockets.unlink()
        if self._failure:
            raise CannotStart(self._failure)

    # The office: who answers at the admin port, speaks to control planes, and can be followed.

    async def _serve_in_office(self) -> None:
        data_dir, has_lock = self._settings.data_dir, self._inheritance is None
        if self._inheritance is not None:
            await self._agent.is_up.wait()
            if not await self._inheritance.confirm():
                logger.warning("whoever handed over is gone before it has let go")
                has_lock = await _claim_when_free(data_dir, LET_GO_SECONDS)
                if not has_lock:
                    self._failure = "the replica that was to be taken over serves on"
                    self._agent.stop()
                    return
            logger.info("taken over")
        await self._admin.start(self._admin_socket)
        self._is_in_office.set()
        notify.ready(self._environment)
        if not has_lock:
            await _claim_when_free(data_dir, math.inf)
        self._may_be_followed.set()
        try:
            await handover.offer(data_dir, self)
        except OSError as error:
            logger.error("no other agent can follow this one error=%s", error)

    # As a giver.

    def sockets(self) -> Iterable[tuple[str, socket.socket]]:
        yield ADMIN, self._admin_socket
        for bound in self._sockets:
            yield bound.address.identity, bound.socket

    async def prepare(self) -> None:
        if self._saver is not None:
            await self._saver.flush()

    async def release(self) -> None:
        logger.info("another agent serves; draining")
        self._has_followed.set()
        await self._admin.stop()
        if self._discovering is not None:
            self._discovering.cancel()
        self._agent.hand_over()

    def resume(self) -> None:
        presence.take_over(self._settings.data_dir, self._name)  # its workers, if any live on, drain then

    # Signals.

    def _reload(self) -> None:
        self._certificates.look()
        spawn(self._agent.replace_workers())

    async def _upgrade(self) -> None:
        reason = obstacle(self._environment, os.getpid())
        if self._agent.draining or self._is_upgrading:
            reason = "another upgrade, or the end, is under way"
        if reason:
            logger.error("no upgrade reason=%r", reason)
            return
        self._is_upgrading = True
        try:
            await self._may_be_followed.wait()
            if not await upgrade([sys.executable, *sys.orig_argv[1:]], self._environment, self._has_followed):
                self._agent.failed_upgrades += 1
        finally:
            self._is_upgrading = False

    def _use_certificates(self, certificates: tuple[Certificate, ...]) -> None:
        self._agent.set_certificates(tuple(KeyPair(each.name, each.chain, each.key) for each in certificates))

    def _collector_feed(self) -> CollectorFeed | None:
        settings, agent = self._settings, self._agent
        if not settings.collectors or self._tls is None:
            return None
        node = Node(settings.node, settings.gateway, settings.data_dir / SPOOLS[0])
        targets = [str(address) for address in settings.collectors]
        feed = CollectorFeed(agent.spool, agent.on_disk, node, targets, self._tls, uniform=random.uniform)
        agent.on_last_record = feed.finish
        return feed

    # Configuration.

    async def _run_static(self, path: Path) -> None:
        source = StaticSource(path, self._agent)
        try:
            await source.load()
        except StaticConfigError as error:
            raise CannotStart(f"--static-config: {error}") from error
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(source.run())
            await self._agent.run()
            watching.cancel()

    async def _run_discovery(self, settings: Settings) -> None:
        tls = self._tls
        if tls is None:
            raise CannotStart("control planes need certificates")
        agent, saver = self._agent, self._saver
        async with asyncio.TaskGroup() as group:
            running = group.create_task(agent.run())
            resources = await restore(self._last_good, agent) if self._last_good else ResourceSet()
            agent.open()
            discovery = Discovery(
                Subscriber(Identity(settings.node, settings.gateway, SCHEMA_VERSION), resources),
                [str(address) for address in settings.control_planes],
                tls,
                apply=agent.apply,
                on_accepted=saver.on_accepted if saver else _keep_nothing,
                uniform=random.uniform,
            )
            discovery.poll_seconds = settings.certificate_poll_seconds
            self._overview.discovery, self._overview.saver = discovery, saver
            self._overview.bootstrap = _bootstrap(settings)
            self._discovering = group.create_task(self._discover(discovery, waits=bool(resources.payloads)))
            background = [self._discovering, group.create_task(self._overview.watch())]
            if saver:
                background.append(group.create_task(saver.run()))
            await running
            for task in background:
                task.cancel()
            if saver and not self._has_followed.is_set():  # else the file is the other's
                await saver.flush()

    async def _discover(self, discovery: Discovery, *, waits: bool) -> None:
        """A node has one stream: who has something to serve leaves it to the other until that has let go."""
        if waits:
            await self._is_in_office.wait()
        if self._overview.bootstrap is None or waits:
            await discovery.run()
        else:
            await self._overview.bootstrap.run(discovery, self._agent)


async def _claim_when_free(data_dir: Path, seconds: float) -> bool:
    """Hold the data directory's lock, until our end, once the agent that has it is gone. False: it is not, in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            presence.claim(data_dir)
        except presence.AlreadyRunning:
            await asyncio.sleep(POLL_SECONDS)
        else:
            return True
    return False


def _certificates(settings: Settings, configuration: Configuration) -> CertificateWatch:
    files = CertificateFiles(settings.tls_certificates)
    if settings.tls_certificates:
        try:
            files.load()
        except CertificateError as error:
            raise CannotStart(f"--tls-certificates: {error}") from error
    return CertificateWatch(files, lambda: configuration.tls, wall_clock)


def _bind_admin(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        return socket.create_server((address.host, address.port), family=family)
    except OSError as error:
        raise CannotStart(f"--admin-listen {address}: {error.strerror}") from error


def _tls_files(settings: Settings) -> TlsFiles | None:
    files = settings.certificates
    return TlsFiles(files.certificate, files.key, files.authority) if files is not None else None


def _keep_nothing(resources: ResourceSet) -> None:
    """Without a key for the last good file nothing is written."""


def _bootstrap(settings: Settings) -> Bootstrap | None:
    given, key_file = settings.bootstrap, settings.last_good_key_file
    if given is None or key_file is None:
        return None
    # Made by a control plane of this release or the one before: what was added since is only missing in it.
    opener = Opener(_read_keys(key_file), settings.gateway, (SCHEMA_VERSION, SCHEMA_VERSION - 1))
    location = Location(given.location, given.authority)
    return Bootstrap(
        location, opener, scratch=settings.data_dir, wait_seconds=given.wait_seconds, uniform=random.uniform
    )


def _last_good_file(settings: Settings) -> LastGoodFile | None:
    if settings.last_good_key_file is None:
        if settings.control_planes:
            logger.warning("no --last-good-key-file: after a restart nothing is served until a control plane answers")
        return None
    keys = _read_keys(settings.last_good_key_file)
    return LastGoodFile(settings.data_dir / "last-good", keys, gateway=settings.gateway, schema_version=SCHEMA_VERSION)


def _read_keys(file: Path) -> tuple[bytes, ...]:
    try:
        return read_keys(file)
    except KeyFileError as error:
        raise CannotStart(f"--last-good-key-file: {error}") from error
