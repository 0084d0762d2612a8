"""The program of an agent: settings in, an exit status out."""

import asyncio
import contextlib
import os
import resource
import sys
from collections.abc import Sequence

from data_plane.agent import log, presence
from data_plane.agent.handover import CannotTakeOver, Inheritance
from data_plane.agent.parent import die_with_parent
from data_plane.replica import CannotStart, Replica
from data_plane.settings import Settings, SettingsError, parse

FAILED, MISUSED = 1, 2  # exit statuses


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
        inheritance = _claim(settings)
        asyncio.run(_run(settings, inheritance))
    except CannotStart as error:
        sys.stderr.write(f"isthmus-data-plane: {error}\n")
        return FAILED
    return 0


async def _run(settings: Settings, inheritance: Inheritance | None) -> None:
    await Replica(settings, inheritance).run()


def _claim(settings: Settings) -> Inheritance | None:
    """Become the data directory's agent, until our end, or follow the one that there is."""
    try:
        presence.claim(settings.data_dir)
    except presence.AlreadyRunning as error:
        if not settings.take_over:
            raise CannotStart(str(error)) from error
    except OSError as error:
        raise CannotStart(f"--data-dir '{settings.data_dir}': {error.strerror}") from error
    else:
        return None
    try:
        return Inheritance.take(settings.data_dir)
    except CannotTakeOver as error:
        raise CannotStart(str(error)) from error


def _raise_descriptor_limit() -> None:
    """Each client and each upstream connection takes one; workers inherit the limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
