"""A stand-in for a container: an image's root, read-only, in namespaces of its own, as the image's user. Needs root.

What a container engine adds and this does not: a network and a host name of its own, limits, seccomp.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from tests.fakes.image import Dockerfile

START_SECONDS = 10.0
POLL_SECONDS = 0.01
# As engines do: only /data, /tmp and /run can be written, and /run by nobody who is in there.
ENTER = """
root=$1; data=$2; files=$3; shift 3
mount --bind "$root" "$root"
mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
mount -t tmpfs -o nosuid,nodev,size=64m,mode=1777 tmpfs "$root/tmp"
mount -t tmpfs -o nosuid,nodev,size=1m,mode=0755 tmpfs "$root/run"
mkdir "$root/run/isthmus"
mount --bind "$files" "$root/run/isthmus"
mount -o remount,bind,ro "$root/run/isthmus"
mount -t tmpfs -o nosuid,size=1m,mode=0755 tmpfs "$root/dev"
for device in null zero full random urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir -m 1777 "$root/dev/shm"
mount --bind "$data" "$root/data"
mount -o remount,bind,ro "$root"
exec "$@"
"""


class Container:
    """One container. `files` are seen at /run/isthmus; both folders are given to the image's user."""

    def __init__(self, image: Path, folder: Path, files: Path) -> None:
        self._image = image
        self._dockerfile = Dockerfile.read()
        self._files = files
        self.name = folder.name
        self.data = folder / "data"
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self.pid = 0  # of its first process, as we see it

    def start(self, *command: str, variables: Mapping[str, str] | None = None) -> Self:
        """Start it, and wait until the command runs."""
        self.data.mkdir(parents=True, exist_ok=True)
        user, group = (int(number) for number in self._dockerfile.user.split(":"))
        for path in (self.data, self._files, *self._files.rglob("*")):
            os.chown(path, user, group)
        namespaces = ("--mount", "--pid", "--ipc", "--fork", "--kill-child=KILL", "--propagation=private")
        enter = ("bash", "-euc", ENTER, "enter", str(self._image), str(self.data), str(self._files))
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*(_find("unshare"), *namespaces, *enter), _find("chroot"), str(self._image), *self._as_user(command)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**self._dockerfile.environment, **(variables or {})},
                cwd="/",
            )
        self._wait_for_command()
        return self

    def _wait_for_command(self) -> None:
        """Until the steps that lead to it are behind: it cannot be entered before."""
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        user = self._dockerfile.user.partition(":")[0]
        while self._process.poll() is None:
            if found := children.read_text().split():
                self.pid = int(found[0])
                status = Path(f"/proc/{self.pid}/status").read_text()
                if f"\nUid:\t{user}\t" in status and _program(self.pid) not in ("setpriv", "env"):
                    return
            assert time.monotonic() < deadline, self.log()
            time.sleep(POLL_SECONDS)

    def _as_user(self, command: Sequence[str]) -> list[str]:
        user, group = self._dockerfile.user.split(":")
        rights = ("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--clear-groups")
        to_folder = ("/usr/bin/env", f"--chdir={self._dockerfile.folder}")
        return ["/usr/bin/setpriv", f"--reuid={user}", f"--regid={group}", *rights, *to_folder, *command]

    def execute(
        self, *command: str, variables: Mapping[str, str] | None = None, seconds: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a command beside the first process, as `docker exec` does."""
        enter = (_find("nsenter"), f"--target={self.pid}", "--mount", "--pid", "--ipc", "--root")
        return subprocess.run(
            [*enter, *self._as_user(command)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env={**self._dockerfile.environment, **(variables or {})},
            timeout=seconds,
            check=False,
        )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def health(self) -> int:
        """The exit status of the image's HEALTHCHECK."""
        return self.execute(*self._dockerfile.health).returncode

    def processes(self) -> dict[int, str]:
        """Our number and the state of each process in it, such as Z for one that nobody has asked about."""
        ours = os.readlink(f"/proc/{self.pid}/ns/pid")
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(entry / "ns" / "pid") == ours:
                    found[int(entry.name)] = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue  # it has just ended
        return found

    def stop(self, seconds: float) -> int:
        """SIGTERM to the first process, as engines do; the exit status, or the error that it is still there."""
        assert self._process is not None
        os.kill(self.pid, signal.SIGTERM)
        return self._process.wait(seconds)

    def wait(self, seconds: float) -> int:
        """Wait until it ends by itself; the exit status."""
        assert self._process is not None
        return self._process.wait(seconds)

    def log(self) -> str:
        return self._log.read_text(errors="replace")[-6000:]

    def kill(self) -> None:
        """Leave nothing behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()  # the kernel then ends all that is in it
            self._process.wait(START_SECONDS)


def _find(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path, f"{program} is missing (util-linux, coreutils)"
    return path


def _program(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
