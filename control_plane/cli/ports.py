"""Which TCP ports `isthmus up` uses: the ones given, else the usual ones, else any that is free."""

import errno
import socket
import sys

from control_plane.cli.errors import CliError

_claims: list[socket.socket] = []  # held as long as this process lives


def choose(given: int | None, preferred: int, taken: set[int], *, option: str) -> int:
    """A port to listen on at 127.0.0.1, added to `taken`; no other `isthmus up` of this machine chooses it.

    Raises:
        CliError: the given one is in use or may not be used.
    """
    if given is not None:
        _check(given, option)
        taken.add(given)
        return given
    for candidate in (preferred, *(0 for _ in range(50))):
        port = _free(candidate)
        if port is not None and port not in taken and _claim(port):
            taken.add(port)
            return port
    raise CliError("no TCP port is free on 127.0.0.1")


def _check(port: int, option: str) -> None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise _in_use(port, option) from error
        raise CliError(f"port {port} cannot be used: {error.strerror}; give another with {option}") from error
    if not _claim(port):
        raise _in_use(port, option)


def _in_use(port: int, option: str) -> CliError:
    return CliError(f"port {port} is in use; stop what uses it or give another with {option}")


def _free(port: int) -> int | None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    except OSError:
        return None


def _claim(port: int) -> bool:
    """Keep it from another `isthmus up` that starts now: seconds lie between our look and the bind of whom it is for.

    Claimed by a name that the kernel frees when we end, however that comes. Where it has no such names, nobody claims.
    """
    if sys.platform != "linux":
        return True
    claim = socket.socket(socket.AF_UNIX)
    try:
        claim.bind(f"\0isthmus-up-port-{port}")
    except OSError:
        claim.close()
        return False
    _claims.append(claim)
    return True
