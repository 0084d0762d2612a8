"""Keeps a listener's certificates as files and configuration say, without a pause in traffic."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from data_plane.config.certificate import Certificate, TlsSettings
from data_plane.ingress.tls import TlsContexts
from data_plane.tasks import spawn


class TlsHost(Protocol):
    """A listener with TLS."""

    contexts: TlsContexts


class TlsState:
    """`settings` gives what the configuration says now. Where it and a file have a name, the configuration counts."""

    def __init__(self, host: TlsHost, settings: Callable[[], TlsSettings]) -> None:
        self._host = host
        self._settings = settings
        self._files: tuple[Certificate, ...] = ()
        self._made_from: tuple[TlsSettings, tuple[Certificate, ...]] = (TlsSettings(), ())
        self._making: asyncio.Task[None] | None = None

    def use_files(self, certificates: Sequence[Certificate]) -> None:
        """Take these from files, in place of those before; `refresh` makes them count."""
        self._files = tuple(certificates)

    async def refresh(self) -> None:
        """Have connections from now on see what there is now."""
        while self._made_from != (self._settings(), self._files):
            if self._making is None:
                self._making = spawn(self._make())
            await asyncio.wait((self._making,))
            self._making = None

    async def _make(self) -> None:
        settings, files = self._made_from = self._settings(), self._files
        certificates = (*settings.certificates, *files)
        self._host.contexts = await TlsContexts.make(certificates, settings, self._host.contexts)
