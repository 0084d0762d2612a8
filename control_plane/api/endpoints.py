"""Every endpoint by its action, put together from the services."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from control_plane.api.administration import AdministrationEndpoints
from control_plane.api.backup_endpoints import BackupEndpoints
from control_plane.api.batch import BatchEndpoint
from control_plane.api.call import Endpoint
from control_plane.api.events import Events
from control_plane.api.fleet import FleetEndpoints, StatusEndpoint
from control_plane.api.health import Readiness
from control_plane.api.key_endpoints import KeyEndpoints
from control_plane.api.policy import PolicyEndpoint
from control_plane.api.resource_endpoints import ResourceEndpoints
from control_plane.api.revert import RevertEndpoint
from control_plane.api.watch import Watches
from control_plane.audit.log import AuditLog
from control_plane.backup.export import Exporter
from control_plane.backup.restore import Restores
from control_plane.backup.snapshot import Snapshots
from control_plane.distribution.catalog import Catalog
from control_plane.distribution.members import Members
from control_plane.distribution.nodes import Nodes
from control_plane.distribution.quarantine import Quarantine
from control_plane.identity.tokens import AdminTokens
from control_plane.store.base import Store
from control_plane.store.index import Index
from control_plane.store.resources import Resources
from control_plane.store.revert import Reverting


@dataclass(frozen=True, slots=True)
class Services:
    """What the API is made of."""

    store: Store
    index: Index
    resources: Resources
    tokens: AdminTokens
    exporter: Exporter
    restores: Restores
    snapshots: Snapshots
    catalog: Catalog
    nodes: Nodes
    quarantine: Quarantine
    readiness: Readiness
    members: Members
    now: Callable[[], datetime]


class Endpoints:
    """`events.run` runs beside the server; `watches.close` ends its streams."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.watches = Watches(services.resources, services.catalog, services.store)
        self.events = Events(services.catalog, services.quarantine, services.store, self.watches)

    def by_action(self) -> Mapping[str, Endpoint]:
        """As `make_app` takes them."""
        s = self._services
        resources = ResourceEndpoints(s.resources, s.catalog, self.watches)
        keys = KeyEndpoints(s.resources, s.index, s.catalog, now=s.now)
        fleet = FleetEndpoints(s.catalog, s.nodes, s.quarantine)
        administration = AdministrationEndpoints(s.tokens, AuditLog(s.store))
        status = StatusEndpoint(s.catalog, s.quarantine, s.store, s.members)
        batch = BatchEndpoint(s.resources)
        backup = BackupEndpoints(s.exporter, s.restores, s.snapshots)
        return {
            "list": resources.list,
            "get": resources.get,
            "create": resources.create,
            "replace": resources.replace,
            "patch": resources.patch,
            "delete": resources.delete,
            "history": resources.history,
            "rollback": resources.rollback,
            "batch": batch.batch,
            "diff": batch.diff,
            "revert": RevertEndpoint(Reverting(s.resources, AuditLog(s.store))).revert,
            "create_key": keys.create,
            "list_keys": keys.list,
            "revoke_key": keys.revoke,
            "replicas": fleet.replicas,
            "quarantine": fleet.quarantine,
            "status": status.status,
            "events": self.events.events,
            "explain_policy": PolicyEndpoint(s.catalog).explain,
            "audit": administration.audit,
            "backup": backup.backup,
            "restore": backup.restore,
            "restore_status": backup.restore_status,
            "announce_epoch": backup.announce_epoch,
            "snapshot": backup.snapshot,
            "list_tokens": administration.list_tokens,
            "create_token": administration.create_token,
            "revoke_token": administration.revoke_token,
            "healthz": s.readiness.healthz,
            "readyz": s.readiness.readyz,
        }
