"""TLS of the REST API; certificate files are read anew when they change."""

import asyncio
import logging
import os
import ssl
from pathlib import Path

POLL_SECONDS = 5.0

logger = logging.getLogger(__name__)


class ReloadingTls:
    """The context of a listener. Connections that exist keep their certificate.

    Raises:
        OSError: a file cannot be read.
        ssl.SSLError: the files are not a certificate and its key.
    """

    def __init__(self, certificate: Path, key: Path) -> None:
        self._files = (certificate, key)
        self._times = self._read_times()
        self.context = self._make()

    async def run(self) -> None:
        """Until cancelled: look at the files."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self.reload()

    def reload(self) -> bool:
        """Load the files if they have changed. What cannot be used is logged, and the old certificate stays."""
        try:
            times = self._read_times()
            if times == self._times:
                return False
            self._make()  # tried on a context of its own: a mismatch must not damage the one in use
            self.context.load_cert_chain(*self._files)
        except OSError as error:  # ssl.SSLError is one
            logger.error("api_certificate_kept reason=%r", str(error))
            return False
        self._times = times
        logger.info("api_certificate_reloaded file=%s", self._files[0])
        return True

    def _make(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        context.load_cert_chain(*self._files)
        return context

    def _read_times(self) -> tuple[int, ...]:
        return tuple(os.stat(file).st_mtime_ns for file in self._files)
