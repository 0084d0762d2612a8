"""Distribution as one part of the control plane: catalog, quarantine, replicas and the discovery service."""

import asyncio
from dataclasses import dataclass

import grpc.aio

from control_plane.certificate_files import Pem
from control_plane.distribution.catalog import RECONCILE_SECONDS, Catalog
from control_plane.distribution.item import Unseal
from control_plane.distribution.nodes import Nodes
from control_plane.distribution.quarantine import Quarantine
from control_plane.distribution.server import Certificates, ServerTls, make_server
from control_plane.distribution.service import DiscoveryService, ServiceOptions
from control_plane.distribution.version import find_version_in
from control_plane.store.base import Store

GRACE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DistributionOptions:
    """`listen` is `host:port`."""

    service: ServiceOptions
    listen: str
    tls: ServerTls
    reconcile_seconds: float = RECONCILE_SECONDS


class Distribution:
    """`start`, then `run` until it is cancelled.

    Raises:
        CertificateError: the certificate files cannot be used.
    """

    def __init__(self, store: Store, unseal: Unseal, options: DistributionOptions) -> None:
        self.catalog = Catalog(store, unseal, reconcile_seconds=options.reconcile_seconds)
        self.nodes = Nodes(self.catalog, store)
        self.quarantine = Quarantine(
            self.catalog,
            store,
            find_version=find_version_in(store),
            clock=options.service.clock,
        )
        self.service = DiscoveryService(self.catalog, self.nodes, self.quarantine, options.service)
        self.certificates = Certificates(options.tls, options.service.wall_clock)
        self.port = 0
        self._options = options
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Read the store and listen.

        Raises:
            StoreError: the store could not be read.
            OSError: the address cannot be bound.
        """
        await self.catalog.start()
        self._server, self.port = make_server(self._options.listen, self.certificates, self.service.handler())
        await self._server.start()

    async def run(self) -> None:
        """Follow the store and serve until cancelled; then streams end, so that replicas go elsewhere."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.catalog.run())
                group.create_task(self.quarantine.run())
                group.create_task(self.nodes.run())
        finally:
            if self._server:
                await self._server.stop(GRACE_SECONDS)

    def on_certificates(self, before: Pem, after: Pem) -> None:
        """New connections get the new files by themselves. A replica whose authority is no longer there proves itself
        anew."""
        if not after.trusts_all_of(before):
            self.service.prove_again()

    @property
    def refused_connections(self) -> int:
        """Connections from which no stream of a proved replica came: by TLS, by certificate, or still under way."""
        return self.certificates.connections - self.service.proved_connections
