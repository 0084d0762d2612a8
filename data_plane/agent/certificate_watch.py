"""Looks after the certificates of listeners: files that change, and ends that come near."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

from data_plane.agent.certificate_files import CertificateFiles
from data_plane.config.certificate import Certificate, TlsSettings

WATCH_SECONDS = 5.0
DAY_SECONDS = 86_400.0
WARN_SECONDS = 14 * DAY_SECONDS

logger = logging.getLogger(__name__)


class CertificateWatch:
    """`settings` gives what the configuration says now; `wall_clock` gives seconds since 1970."""

    def __init__(
        self, files: CertificateFiles, settings: Callable[[], TlsSettings], wall_clock: Callable[[], float]
    ) -> None:
        self.files = files
        self._settings = settings
        self._wall_clock = wall_clock
        self._warned: dict[str, float] = {}  # when, by name
        self._look = asyncio.Event()

    def certificates(self) -> Iterator[Certificate]:
        """All that listeners have, from the configuration and from files."""
        yield from self._settings().certificates
        yield from self.files.certificates

    def seconds_left(self) -> list[tuple[str, float]]:
        """Until each certificate's end, by its name; below 0 it is over."""
        now = self._wall_clock()
        return [(each.name, each.not_after - now) for each in self.certificates()]

    def look(self) -> None:
        """Look at the files now, not only in a while."""
        self._look.set()

    async def run(self, on_change: Callable[[tuple[Certificate, ...]], None]) -> None:
        """For ever. `on_change` is told the certificates from files."""
        while True:
            self.warn()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), WATCH_SECONDS)
            self._look.clear()
            if await asyncio.to_thread(self.files.refresh):
                on_change(self.files.certificates)

    def warn(self) -> None:
        """Say, once a day, which certificates end soon or have ended."""
        now = self._wall_clock()
        for name, seconds in self.seconds_left():
            if seconds < WARN_SECONDS and now - self._warned.get(name, 0.0) >= DAY_SECONDS:
                self._warned[name] = now
                logger.warning("certificate ends soon name=%s days=%.1f", name, seconds / DAY_SECONDS)
