"""Which TCP ports `isthmus up` uses: the ones given, else the usual ones, else any that is free."""

import errno
import socket

from control_plane.cli.errors import CliError


def choose(given: int | None, preferred: int, taken: set[int], *, option: str) -> int:
    """A port to listen on at 127.0.0.1, added to `taken`.

    Raises:
        CliError: the given one is in use or may not be used.
    """
    if given is not None:
        _check(given, option)
        taken.add(given)
        return given
    for candidate in (preferred, *(0 for _ in range(50))):
        port = _free(candidate)
        if port is not None and port not in taken:
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
            raise CliError(f"port {port} is in use; stop what uses it or give another with {option}") from error
        raise CliError(f"port {port} cannot be used: {error.strerror}; give another with {option}") from error


def _free(port: int) -> int | None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    except OSError:
        return None
