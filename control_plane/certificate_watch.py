"""Looks after the certificate files of all parts: files that change, and ends that come near."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from control_plane.certificate_files import CertificateFiles, Pem
from control_plane.metrics import Labels, Value

DAY_SECONDS = 86_400.0
WARN_SECONDS = 14 * DAY_SECONDS

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Watched:
    """`on_change` is told what was used before, and what is used from now on."""

    files: CertificateFiles
    on_change: Callable[[Pem, Pem], None]


class CertificateWatch:
    """Every part learns of new files within `poll_seconds`."""

    def __init__(self, watched: Sequence[Watched], poll_seconds: float, wall_clock: Callable[[], float]) -> None:
        self._watched = tuple(watched)
        self._told = [each.files.current for each in watched]
        self._poll_seconds = poll_seconds
        self._wall_clock = wall_clock
        self._warned: dict[str, float] = {}  # when, by name

    @property
    def files(self) -> tuple[CertificateFiles, ...]:
        return tuple(each.files for each in self._watched)

    def seconds_left(self) -> dict[str, float]:
        """Until each certificate's end, by what it is for; below 0 it is over."""
        now = self._wall_clock()
        return {name: end - now for files in self.files for name, end in files.ends().items()}

    def gauges(self) -> dict[str, tuple[str, Value]]:
        """For the metrics page."""

        def label(name: str) -> Labels:
            return (("certificate", name),)

        return {
            "isthmus_certificate_expiry_seconds": (
                "Until a certificate in use ends; below 0 it has ended.",
                {label(name): seconds for name, seconds in self.seconds_left().items()},
            ),
            "isthmus_certificate_broken": (
                "1 while the files cannot be used and those before are used on.",
                {label(files.use): files.is_broken() for files in self.files},
            ),
            "isthmus_certificate_reloads_total": (
                "Times that new files were taken into use.",
                {label(files.use): files.reloads for files in self.files},
            ),
            "isthmus_certificate_reload_failures_total": (
                "Times that new files could not be used.",
                {label(files.use): files.failures for files in self.files},
            ),
        }

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self.warn()
            await asyncio.sleep(self._poll_seconds)
            await self.look()

    async def look(self) -> None:
        """Read what has changed, and tell those who use it."""
        for index, each in enumerate(self._watched):
            after = await asyncio.to_thread(each.files.refresh)
            before, self._told[index] = self._told[index], after
            if after != before:
                each.on_change(before, after)

    def warn(self) -> None:
        """Say, once a day, which certificates end soon or have ended."""
        now = self._wall_clock()
        for name, seconds in self.seconds_left().items():
            if seconds < WARN_SECONDS and now - self._warned.get(name, 0.0) >= DAY_SECONDS:
                self._warned[name] = now
                logger.warning("certificate_ends_soon certificate=%s days=%.1f", name, seconds / DAY_SECONDS)
