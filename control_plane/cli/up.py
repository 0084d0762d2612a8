"""`isthmus up`: etcd, a control plane and one replica on this machine, configured and ready to be called."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from control_plane.cli import env_file
from control_plane.cli.children import Child, Children, tail
from control_plane.cli.client import Access, Client
from control_plane.cli.data_dir import DataDir
from control_plane.cli.detect import Detected, detect
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.etcd_binary import EtcdUnavailable, obtain_etcd
from control_plane.cli.etcd_process import EtcdFailed, EtcdMember, EtcdProcess, EtcdTls
from control_plane.cli.pki import GatewayIdentity, Pki, ensure_pki
from control_plane.cli.ports import choose
from control_plane.cli.quickstart import Prepared, default_config, demo, names_models, prepare
from control_plane.cli.welcome import Facts, render

GATEWAY = "default"
READY_SECONDS = 30.0
POLL_SECONDS = 0.05
DRAIN_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says. `port` and `admin_port` None: the usual ones, or any that is free."""

    config: Path
    port: int | None
    admin_port: int | None
    workers: int
    data_dir: Path
    ephemeral: bool
    collector: bool


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen on 127.0.0.1."""

    traffic: int
    admin: int
    discovery: int
    control_health: int
    replica_admin: int
    demo: int
    collector: int
    collector_health: int


@click.command()
@click.option("--config", type=click.Path(exists=True, path_type=Path), help="A file or folder to apply at start.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port for traffic. [default: 8080, or any that is free]")
@click.option("--admin-port", type=click.IntRange(1, 65535), help="Port of the REST API. [default: 8443, or any free]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Worker processes.")
@click.option("--data-dir", type=click.Path(path_type=Path), default=".isthmus", show_default=True, help="Its data.")
@click.option("--ephemeral", is_flag=True, help="Begin with nothing and keep nothing: data in a temporary folder.")
@click.option(
    "--collector", is_flag=True, help="Also keep call records in an embedded ClickHouse (isthmus[collector])."
)
def up(  # noqa: PLR0913 - one for each option
    config: Path | None,
    port: int | None,
    admin_port: int | None,
    workers: int,
    data_dir: Path,
    ephemeral: bool,
    collector: bool,
) -> None:
    """Run Isthmus on this machine: etcd, a control plane and one replica.

    Providers whose keys are in the environment become ready models (OPENAI_API_KEY, ANTHROPIC_API_KEY,
    GEMINI_API_KEY, MISTRAL_API_KEY, GROQ_API_KEY, DEEPSEEK_API_KEY, XAI_API_KEY, OPENROUTER_API_KEY,
    OLLAMA_HOST, VLLM_URL); without any, a demo model server answers. Ctrl-C stops everything.
    A second run keeps the data and the key.
    """
    options = Options(config or default_config(), port, admin_port, workers, data_dir.absolute(), ephemeral, collector)
    with _folder(options) as folder:
        asyncio.run(_Up(options, folder).run())


@contextlib.contextmanager
def _folder(options: Options) -> Iterator[DataDir]:
    """The data directory, held for this run; a temporary one for an ephemeral run."""
    root = Path(tempfile.mkdtemp(prefix="isthmus-")) if options.ephemeral else options.data_dir
    folder = DataDir(root)
    lock = folder.claim()
    try:
        yield folder
    finally:
        os.close(lock)
        if options.ephemeral:
            shutil.rmtree(root, ignore_errors=True)


class _Up:
    """One run: starts the parts in order, waits, and stops them in reverse."""

    def __init__(self, options: Options, folder: DataDir) -> None:
        self._options = options
        self._folder = folder
        self._env_file = DataDir(options.data_dir).env_file
        self._children = Children(folder.logs)
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopped.set)
        env_file.remove(self._env_file)
        starting = loop.create_task(self._start())
        stopping = loop.create_task(self._stopped.wait())
        try:
            await asyncio.wait((starting, stopping), return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                click.echo(starting.result())
                await self._serve(stopping)
        finally:
            env_file.remove(self._env_file)
            starting.cancel()
            stopping.cancel()
            await asyncio.gather(starting, stopping, return_exceptions=True)
            if not self._children.are_none:
                _report("stopping")
            await self._children.stop()

    async def _serve(self, stopping: "asyncio.Task[bool]") -> None:
        """Wait for Ctrl-C, or for a part that ends by itself."""
        ending = asyncio.get_running_loop().create_task(self._children.wait_for_end())
        try:
            await asyncio.wait((stopping, ending), return_when=asyncio.FIRST_COMPLETED)
            if ending.done() and not stopping.done():
                raise _ended(ending.result())
        finally:
            ending.cancel()

    async def _start(self) -> str:
        """Start everything and return what to print."""
        options, folder = self._options, self._folder
        ports = _choose_ports(options)
        folder.ensure_keys()
        pki = ensure_pki(folder.pki, GatewayIdentity(GATEWAY))
        etcd_url = await self._start_etcd(pki)
        await self._start_control_plane(ports, pki, etcd_url)
        access = Access(f"http://127.0.0.1:{ports.admin}", folder.admin_token_file.read_text().strip())
        found = await self._find_models(ports)
        async with Client(access) as client:
            prepared = await prepare(client, options.config, found, folder, _report)
            if options.collector:
                await self._start_collector(ports, pki)
            await self._start_replica(ports, pki, client)
        return self._announce(ports, access, prepared, found)

    def _announce(self, ports: Ports, access: Access, prepared: Prepared, found: list[Detected]) -> str:
        facts = Facts(
            url=f"http://127.0.0.1:{ports.traffic}",
            api_key=prepared.api_key,
            model=prepared.model,
            admin_url=access.url,
            admin_token=access.token,
            metrics_url=f"http://127.0.0.1:{ports.replica_admin}/metrics",
            env_file=_shown(self._env_file),
            is_demo=any("demo" in detected.models for detected in found),
            command=_command(),
        )
        self._env_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        env_file.write(self._env_file, facts.environment())
        return render(facts)

    async def _start_etcd(self, pki: Pki) -> str:
        """Start etcd; its address. Started first, it is stopped last."""
        try:
            # Looked for beside the checkout's data also by ephemeral runs: a download is worth keeping.
            binary = await asyncio.to_thread(obtain_etcd, DataDir(self._options.data_dir).binaries, _report)
        except EtcdUnavailable as error:
            raise CliError(str(error)) from error
        if binary.demo_only:
            _report("etcd: this version may lose data when it is killed; for demonstration only")
        tls = EtcdTls(pki.authority, pki.server.certificate, pki.server.key)
        etcd = EtcdProcess(EtcdMember(binary.path, self._folder.etcd, tls=tls))
        _report(f"etcd {'.'.join(map(str, binary.version))}: starting")
        try:
            await etcd.start(READY_SECONDS)
        except EtcdFailed as error:
            raise CliError(str(error)) from error
        self._children.adopt("etcd", etcd.process, etcd.log_file)
        return etcd.client_url

    async def _start_control_plane(self, ports: Ports, pki: Pki, etcd_url: str) -> None:
        folder = self._folder
        child = self._children.start(
            "control-plane",
            [
                sys.executable,
                "-m",
                "control_plane",
                "--name=up",
                f"--etcd-endpoints={etcd_url}",
                f"--etcd-ca={pki.authority}",
                f"--etcd-cert={pki.gateway.certificate}",
                f"--etcd-key={pki.gateway.key}",
                f"--listen=127.0.0.1:{ports.admin}",
                f"--health-listen=127.0.0.1:{ports.control_health}",
                f"--discovery-listen=127.0.0.1:{ports.discovery}",
                f"--discovery-cert={pki.server.certificate}",
                f"--discovery-key={pki.server.key}",
                f"--discovery-ca={pki.authority}",
                f"--master-key-file={folder.master_key_file}",
                f"--last-good-key-file={folder.last_good_key_file}",
                f"--bootstrap-token-file={folder.admin_token_file}",
            ],
        )
        _report("control plane: starting")
        await self._wait(child, f"http://127.0.0.1:{ports.control_health}")

    async def _find_models(self, ports: Ports) -> list[Detected]:
        found = await detect(os.environ)
        if not found and not names_models(self._options.config):
            url = f"http://127.0.0.1:{ports.demo}"
            self._children.start(
                "demo-server",
                [sys.executable, "-m", "control_plane.cli.demo_server", "--port", str(ports.demo)],
                stop_seconds=2.0,
            )
            found = [demo(f"{url}/v1")]
        for detected in found:
            _report(detected.notice)
        return found

    async def _start_collector(self, ports: Ports, pki: Pki) -> None:
        child = self._children.start(
            "collector",
            [
                sys.executable,
                "-m",
                "control_plane.collector",
                f"--listen=127.0.0.1:{ports.collector}",
                f"--cert={pki.server.certificate}",
                f"--key={pki.server.key}",
                f"--ca={pki.authority}",
                f"--health-listen=127.0.0.1:{ports.collector_health}",
                f"--data-dir={self._folder.collector}",
            ],
        )
        _report("collector: starting")
        await self._wait(child, f"http://127.0.0.1:{ports.collector_health}")

    async def _start_replica(self, ports: Ports, pki: Pki, client: Client) -> None:
        folder = self._folder
        child = self._children.start(
            "replica",
            [
                sys.executable,
                "-m",
                "data_plane",
                f"--gateway={GATEWAY}",
                "--node-id=up",
                f"--control-planes=127.0.0.1:{ports.discovery}",
                f"--cert={pki.gateway.certificate}",
                f"--key={pki.gateway.key}",
                f"--ca={pki.authority}",
                f"--listen=127.0.0.1:{ports.traffic}",
                f"--admin-listen=127.0.0.1:{ports.replica_admin}",
                f"--workers={self._options.workers}",
                f"--data-dir={folder.replica}",
                f"--last-good-key-file={folder.last_good_key_file}",
                f"--drain-seconds={DRAIN_SECONDS}",
                *([f"--collectors=127.0.0.1:{ports.collector}"] if self._options.collector else []),
            ],
            stop_seconds=DRAIN_SECONDS + 10.0,  # it also waits for the collector to take its last records
        )
        _report(f"replica: starting with {self._options.workers} worker{'s' if self._options.workers > 1 else ''}")
        await self._wait(child, f"http://127.0.0.1:{ports.replica_admin}")
        await self._wait_until_current(child, client)

    async def _wait(self, child: Child, health_url: str) -> None:
        """Wait until a part says that it is ready."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_SECONDS
        async with Client(Access(health_url, ""), timeout_seconds=2.0) as client:
            while True:
                if child.process.poll() is not None:
                    raise _ended(child)
                try:
                    await client.request("GET", "/readyz")
                except CliError as error:
                    if loop.time() > deadline:
                        text = f"the {child.name} was not ready after {READY_SECONDS:g} s; its log is {child.log}"
                        raise CliError(text, ExitCode.FAILED, tail(child.log)) from error
                else:
                    return
                await asyncio.sleep(POLL_SECONDS)

    async def _wait_until_current(self, child: Child, client: Client) -> None:
        """Wait until the replica serves what was applied: it may have come up with an older set from disk."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + READY_SECONDS
        while loop.time() < deadline:
            answer = await client.request("GET", "/v1/replicas")
            if any(item["node"] == "up" and item["state"] == "Current" for item in answer["items"]):
                return
            if child.process.poll() is not None:
                raise _ended(child)
            await asyncio.sleep(POLL_SECONDS)
        _report("replica: it does not serve the newest configuration; `isthmus status` tells why")


def _choose_ports(options: Options) -> Ports:
    taken: set[int] = set()
    return Ports(
        traffic=choose(options.port, 8080, taken, option="--port"),
        admin=choose(options.admin_port, 8443, taken, option="--admin-port"),
        discovery=choose(None, 0, taken, option=""),
        control_health=choose(None, 0, taken, option=""),
        replica_admin=choose(None, 9090, taken, option=""),
        demo=choose(None, 0, taken, option=""),
        collector=choose(None, 0, taken, option=""),
        collector_health=choose(None, 0, taken, option=""),
    )


def _ended(child: Child) -> CliError:
    text = f"the {child.name} ended by itself with status {child.process.returncode}; its log is {child.log}"
    return CliError(text, ExitCode.FAILED, tail(child.log))


def _shown(path: Path) -> str:
    """Relative where that is shorter to type."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def _command() -> str:
    """How this very command is called: by its name if the shell finds it, else by its path."""
    path = Path(sys.executable).with_name("isthmus")
    found = shutil.which("isthmus")
    return "isthmus" if found and Path(found).samefile(path) else _shown(path)


def _report(line: str) -> None:
    click.echo(line, err=True)
