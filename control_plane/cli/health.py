"""`isthmus-health`: asks the process of a container whether it lives, as the image's HEALTHCHECK. Loads little."""

import argparse
import http.client
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 3.0
HEALTHY, UNHEALTHY = 0, 1  # the exit statuses that a container engine knows
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # compared with, not listened on


@dataclass(frozen=True, slots=True)
class Role:
    """How a program is told where its health can be asked for."""

    flag: str
    default: str

    def address(self, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
        """Where it listens, as host:port: a flag wins over its variable."""
        for index, argument in enumerate(arguments):
            if argument == self.flag and index + 1 < len(arguments):
                return arguments[index + 1]
            if argument.startswith(f"{self.flag}="):
                return argument.partition("=")[2]
        variable = "ISTHMUS_" + self.flag.removeprefix("--").replace("-", "_").upper()
        return environment.get(variable) or self.default


ROLES = {
    "isthmus-control-plane": Role("--health-listen", "127.0.0.1:8445"),
    "isthmus-data-plane": Role("--admin-listen", "127.0.0.1:9090"),
    "isthmus-collector": Role("--health-listen", "127.0.0.1:8447"),
}


class CannotTell(Exception):
    """One line for the operator."""


def main() -> None:
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Ask once, and say what came of it; return the exit status."""
    parser = argparse.ArgumentParser(prog="isthmus-health", description=__doc__, allow_abbrev=False)
    parser.add_argument("--ready", action="store_true", help="ask whether it is ready, not whether it lives")
    parser.add_argument("--address", help="host:port to ask; otherwise that of the process --pid")
    parser.add_argument("--pid", type=int, default=1, help="the process; 1, the first of a container, if not given")
    given = parser.parse_args(arguments)
    try:
        address = given.address or address_of_process(Path("/proc") / str(given.pid))
        status = ask(address, "/readyz" if given.ready else "/healthz")
    except CannotTell as error:
        sys.stderr.write(f"isthmus-health: {error}\n")
        return UNHEALTHY
    sys.stdout.write(f"isthmus-health: {address} answers {status}\n")
    return HEALTHY if status == http.HTTPStatus.OK else UNHEALTHY


def address_of_process(folder: Path) -> str:
    """Where the process of a folder of /proc was told to answer.

    Raises:
        CannotTell: it is gone, somebody else's, or no program of ours.
    """
    try:
        arguments = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        variables = (folder / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError as error:
        raise CannotTell(f"process {folder.name}: {error.strerror}") from error
    programs = [os.path.basename(argument) for argument in arguments]
    role = next((ROLES[program] for program in programs if program in ROLES), None)
    if role is None:
        raise CannotTell(f"process {folder.name} is none of {', '.join(ROLES)}; give --address")
    environment = {name: value for name, _, value in (variable.partition("=") for variable in variables)}
    return role.address(arguments, environment)


def ask(address: str, path: str) -> int:
    """The status of the answer.

    Raises:
        CannotTell: there is none.
    """
    try:
        parts = urlsplit(f"//{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise CannotTell(f"'{address}' is not host:port") from error
    connection = http.client.HTTPConnection(ANYWHERE.get(host, host), port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise CannotTell(f"{address} does not answer: {error}") from error
    finally:
        connection.close()


if __name__ == "__main__":
    main()
