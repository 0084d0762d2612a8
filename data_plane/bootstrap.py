"""Puts an agent together and runs it."""

import asyncio
import contextlib
import logging
import os
import random
import resource
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from config_schemas.version import SCHEMA_VERSION
from data_plane.admin.server import AdminServer
from data_plane.agent import log, presence
from data_plane.agent.agent import Agent, Parts
from data_plane.agent.certificate_files import CertificateFiles
from data_plane.agent.certificate_watch import CertificateWatch
from data_plane.agent.configuration import Configuration
from data_plane.agent.discovery import Discovery, TlsFiles
from data_plane.agent.messages import KeyPair, Start
from data_plane.agent.parent import die_with_parent
from data_plane.agent.sockets import CannotListen, Sockets
from data_plane.agent.source import LastGoodSaver, StaticSource, restore
from data_plane.agent.static_config import StaticConfigError
from data_plane.agent.worker_process import start_worker
from data_plane.config.certificate import Certificate, CertificateError
from data_plane.config.last_good import KeyFileError, LastGoodFile, read_keys
from data_plane.config.resource_set import ResourceSet
from data_plane.config.subscriber import Identity, Subscriber
from data_plane.deadlines import Deadlines
from data_plane.equipment import Equipment, wall_clock
from data_plane.overview import Overview
from data_plane.settings import Settings, SettingsError, parse
from data_plane.tasks import spawn
from data_plane.telemetry.record import Origin
from data_plane.telemetry.sender import Sender
from data_plane.telemetry.spool import Spool

FAILED, MISUSED = 1, 2  # exit statuses

logger = logging.getLogger(__name__)


class CannotStart(Exception):
    """One line for the operator."""


def main(arguments: Sequence[str]) -> int:
    """Run a replica until it is told to end. Returns the exit status."""
    die_with_parent(os.environ, os.getppid())
    try:
        settings = parse(arguments, os.environ)
    except SettingsError as error:
        sys.stderr.write(f"isthmus-data-plane: {error}\n")
        return MISUSED
    log.configure("agent")
    _raise_descriptor_limit()
    try:
        asyncio.run(_run(settings))
    except CannotStart as error:
        sys.stderr.write(f"isthmus-data-plane: {error}\n")
        return FAILED
    return 0


async def _run(settings: Settings) -> None:
    with _claimed(settings.data_dir):
        replica = _Replica(settings)
        await replica.run()


class _Replica:
    """An agent with its admin port and the source of its configuration."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last_good = _last_good_file(settings)
        self._saver = LastGoodSaver(self._last_good) if self._last_good else None
        equipment = Equipment(Deadlines(), Sender(), Origin(settings.node, settings.gateway))
        try:
            self._sockets = Sockets(
                settings.listen, settings.workers, {}, beside_orphans=presence.has_orphans(settings.data_dir)
            )
        except CannotListen as error:
            raise CannotStart(str(error)) from error
        configuration = Configuration(equipment.compiler())
        files = CertificateFiles(settings.tls_certificates)
        self._certificates = CertificateWatch(files, lambda: configuration.tls, wall_clock)
        if settings.tls_certificates:
            try:
                files.load()
            except CertificateError as error:
                raise CannotStart(f"--tls-certificates: {error}") from error
        self._agent = Agent(
            Start(
                node=settings.node,
                gateway=settings.gateway,
                agent=secrets.token_hex(8),
                worker=0,
                incarnation=time.time_ns() // 1_000_000,  # a record's name must not come back after a restart
                data_dir=str(settings.data_dir.absolute()),
                drain_seconds=settings.drain_seconds,
            ),
            Parts(
                configuration,
                Spool(settings.data_dir / "records", settings.spool_bytes),
                self._sockets,
                start_worker,
                settings.drain_delay_seconds,
            ),
        )
        self._use_certificates(files.certificates)

    async def run(self) -> None:
        settings, agent = self._settings, self._agent
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, agent.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: spawn(agent.replace_workers()))
        overview = Overview(agent, settings, self._certificates)
        admin = AdminServer(overview, settings.dump_token_file)
        try:
            admin_port = await admin.start(settings.admin_listen)
        except OSError as error:
            raise CannotStart(f"--admin-listen {settings.admin_listen}: {error.strerror}") from error
        listeners = ",".join(self._sockets.address_of(address) for address in settings.listen)
        logger.info("replica starts node=%s listeners=%s admin_port=%d", settings.node, listeners, admin_port)
        watching = spawn(self._certificates.run(self._use_certificates))
        try:
            if settings.static_config is not None:
                await self._run_static(settings.static_config)
            else:
                await self._run_discovery(overview, settings)
        finally:
            watching.cancel()
            await admin.stop()
            self._sockets.unlink()

    def _use_certificates(self, certificates: tuple[Certificate, ...]) -> None:
        self._agent.set_certificates(tuple(KeyPair(each.name, each.chain, each.key) for each in certificates))

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

    async def _run_discovery(self, overview: Overview, settings: Settings) -> None:
        certificates = settings.certificates
        if certificates is None:
            raise CannotStart("control planes need certificates")
        agent, saver = self._agent, self._saver
        async with asyncio.TaskGroup() as group:
            running = group.create_task(agent.run())
            resources = await restore(self._last_good, agent) if self._last_good else ResourceSet()
            agent.open()
            discovery = Discovery(
                Subscriber(Identity(settings.node, settings.gateway, SCHEMA_VERSION), resources),
                [str(address) for address in settings.control_planes],
                TlsFiles(certificates.certificate, certificates.key, certificates.authority),
                apply=agent.apply,
                on_accepted=saver.on_accepted if saver else _keep_nothing,
                uniform=random.uniform,
            )
            overview.discovery, overview.saver = discovery, saver
            background = [group.create_task(discovery.run()), group.create_task(overview.watch())]
            if saver:
                background.append(group.create_task(saver.run()))
            await running
            for task in background:
                task.cancel()
            if saver:
                await saver.flush()


def _keep_nothing(resources: ResourceSet) -> None:
    """Without a key for the last good file nothing is written."""


def _last_good_file(settings: Settings) -> LastGoodFile | None:
    if settings.last_good_key_file is None:
        if settings.control_planes:
            logger.warning("no --last-good-key-file: after a restart nothing is served until a control plane answers")
        return None
    try:
        keys = read_keys(settings.last_good_key_file)
    except KeyFileError as error:
        raise CannotStart(f"--last-good-key-file: {error}") from error
    return LastGoodFile(settings.data_dir / "last-good", keys, gateway=settings.gateway, schema_version=SCHEMA_VERSION)


@contextlib.contextmanager
def _claimed(data_dir: Path) -> Iterator[None]:
    try:
        lock = presence.claim(data_dir)
    except presence.AlreadyRunning as error:
        raise CannotStart(str(error)) from error
    except OSError as error:
        raise CannotStart(f"--data-dir '{data_dir}': {error.strerror}") from error
    try:
        yield
    finally:
        os.close(lock)


def _raise_descriptor_limit() -> None:
    """Each client and each upstream connection takes one; workers inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
