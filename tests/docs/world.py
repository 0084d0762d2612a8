"""A newcomer's machine: a folder, a terminal, and what `isthmus up` starts, on ports of its own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from control_plane.cli.child_process import start_child
from control_plane.cli.detect import KNOWN
from tests.charts.local_cluster import LocalCluster
from tests.docs.markdown import ROOT
from tests.docs.upstreams import Upstreams
from tests.fakes.ports import lasting_ports

BIN = ROOT / ".venv" / "bin"
READY = "Ctrl-C stops everything."
UP_SECONDS = 40.0
END_SECONDS = 20.0
POLL_SECONDS = 0.05
UP = re.compile(
    r"^(?:make up(?: ARGS=\"(?P<arguments>[^\"]*)\")?|isthmus up(?P<options> [^#\n]*)?)(?: *#.*)?$", re.MULTILINE
)
SHIM = '#!/bin/sh\nexec "{python}" "{program}" {name} "$@"\n'
OURS = (8080, 8443, 9443, 9490)  # ports that pages name, and that may be taken here
STAND_INS = ("make", "pip")  # what would change the machine, or run for minutes


class World:
    """`folder` is where a page's commands are run; it begins with what a checkout has for users."""

    def __init__(self, folder: Path, path: str, upstreams: Upstreams) -> None:
        self.folder = folder
        self._upstreams = upstreams
        self._ports = dict(zip(OURS, lasting_ports(len(OURS)), strict=True))
        self._terminal = folder.with_name("terminal")
        self._process: subprocess.Popen[bytes] | None = None
        self.cluster: LocalCluster | None = None
        self.starts_up = True
        shims = folder.with_name("bin")
        shims.mkdir()
        for name in STAND_INS:
            (shims / name).write_text(
                SHIM.format(python=sys.executable, program=ROOT / "tests" / "docs" / "stand_in.py", name=name)
            )
            (shims / name).chmod(0o755)
        keys = {known.variable: "" for known in KNOWN}  # no provider is asked
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("ISTHMUS_")},
            **keys,
            "HOME": str(folder.with_name("home")),
            "PATH": f"{shims}:{BIN}:{path}:{os.environ['PATH']}",
            "DOCS_ROOT": str(ROOT),
        }
        (folder.with_name("home")).mkdir()

    def furnish(self) -> None:
        """Put what a checkout has for users into the folder, with addresses that exist here."""
        for path in sorted(each for each in (ROOT / "examples").rglob("*") if each.is_file()):
            target = self.folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.mapped(path.read_text()))
        for name in ("charts", ".venv"):
            (self.folder / name).symlink_to(ROOT / name)

    def join(self, cluster: LocalCluster, *, logs_in: bool) -> None:
        """Have helm and kubectl, and what they talk to; it stands in for `isthmus up` if the page logs in there."""
        self.cluster = cluster
        self.starts_up = not logs_in
        self.environment["KUBECONFIG"] = cluster.environment["KUBECONFIG"]
        self.environment["PATH"] = f"{cluster.environment['PATH'].partition(':')[0]}:{self.environment['PATH']}"

    def mapped(self, text: str) -> str:
        """A text of the documentation with the addresses and hosts of this machine."""
        for documented, port in self._ports.items():
            text = re.sub(rf"\b(127\.0\.0\.1|localhost):{documented}\b", rf"\g<1>:{port}", text)
            text = re.sub(rf"(?<= ){documented}:(\d+)\b", rf"{port}:\g<1>", text)  # of a port forward
        text = re.sub(r"https://isthmus\.example(:\d+)?", f"http://127.0.0.1:{self._ports[8443]}", text)
        rest, events = self._upstreams.rest, self._upstreams.events
        text = re.sub(r"host: events\.internal, port: \d+", f"host: 127.0.0.1, port: {events}", text)
        text = re.sub(r"host: [\w.-]+\.internal, port: \d+", f"host: 127.0.0.1, port: {rest}", text)
        return re.sub(r"(https?)://[\w.-]+\.internal(:\d+)?", f"http://127.0.0.1:{rest}", text)

    def start(self, options: str = "") -> None:
        """Run `isthmus up` with these options until it says that it is ready; a running one ends first."""
        self.end()
        ports = f"--port {self._ports[8080]} --admin-port {self._ports[8443]}"
        options = re.sub(r"--(admin-)?port \d+", "", options)
        self._terminal.write_bytes(b"")
        script = f"cd '{self.folder}' && exec '{BIN}/isthmus' up {ports} {options}"
        self._process = start_child(["/bin/sh", "-c", script], self._terminal, env=self.environment)
        deadline = time.monotonic() + UP_SECONDS
        while READY not in self.welcome():
            assert self._process.poll() is None and time.monotonic() < deadline, self.welcome()
            time.sleep(POLL_SECONDS)
        metrics = re.search(r"metrics +http://127\.0\.0\.1:(\d+)", self.welcome())
        assert metrics, self.welcome()
        self._ports[9090] = int(metrics[1])
        self._ports[8445] = self._health_port()

    @property
    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def state(self) -> str:
        """What helps to understand a failure."""
        if self.cluster is not None:
            return self.cluster.state()
        return "" if self.is_up else f"`isthmus up` does not run:\n{self.welcome()}"

    def welcome(self) -> str:
        return self._terminal.read_text()

    def end(self) -> None:
        """Ctrl-C."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
            try:
                self._process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()

    def _health_port(self) -> int:
        """Of the control plane: nobody needs it beside `isthmus up`, so it is not printed."""
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                arguments = path.read_bytes().decode().split("\0")
            except OSError:
                continue
            listen = f"--listen=127.0.0.1:{self._ports[8443]}"
            if listen in arguments:
                return int(next(each for each in arguments if "--health-listen" in each).rpartition(":")[2])
        raise AssertionError("no control plane runs")
