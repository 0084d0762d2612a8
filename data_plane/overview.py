"""What the admin port shows of an agent."""

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any, Literal

from data_plane.admin.metrics_page import Family, Sample, render
from data_plane.admin.redaction import dump_resources
from data_plane.agent.agent import APPLY_SECONDS, Agent
from data_plane.agent.bootstrap_snapshot import Bootstrap
from data_plane.agent.certificate_watch import CertificateWatch
from data_plane.agent.collector_feed import CollectorFeed
from data_plane.agent.discovery import Discovery
from data_plane.agent.source import LastGoodSaver
from data_plane.agent.tls_files import TlsFiles
from data_plane.agent.totals import Totals
from data_plane.clock import wall_clock
from data_plane.ingress.opening import FAILED_OPENINGS, HANDSHAKES
from data_plane.ingress.refusals import REFUSED, TOO_MANY
from data_plane.observability.delta import Delta
from data_plane.observability.metrics import ADDRESS_REFUSED, DEFINITIONS
from data_plane.settings import Settings, package_version

WATCH_SECONDS = 1.0
GAUGES = {
    "isthmus_connections": "Client connections that are open.",
    "isthmus_exchanges": "Requests under way.",
    "isthmus_held_bytes": "Bytes of request bodies that are held in memory.",
    "isthmus_connections_limit": "Connections beyond which clients are refused, of all workers.",
    "isthmus_exchanges_limit": "Requests under way beyond which clients are refused, of all workers.",
    "isthmus_held_bytes_limit": "Held bytes beyond which clients are refused, of all workers.",
}


ALL_DEFINITIONS = {**DEFINITIONS, **{each.name: each for each in (APPLY_SECONDS, HANDSHAKES, FAILED_OPENINGS, REFUSED)}}


# Shown as 0 before anything is counted, so that the first is seen as a rise: what alerts watch, where labels are known.
FROM_ZERO = [
    *(Delta(REFUSED.name, [("reason", reason)], 0.0) for reason in TOO_MANY),
    *(Delta(ADDRESS_REFUSED.name, [("reason", reason)], 0.0) for reason in ("policy", "rate", "connections")),
]


class Overview:
    """`discovery` and `saver` stay None where the configuration comes from files, or before it comes at all."""

    def __init__(
        self,
        agent: Agent,
        settings: Settings,
        certificates: CertificateWatch,
        wall_clock: Callable[[], float] = wall_clock,
    ) -> None:
        self.discovery: Discovery | None = None
        self.saver: LastGoodSaver | None = None
        self.feed: CollectorFeed | None = None
        self.bootstrap: Bootstrap | None = None
        agent.totals.add(FROM_ZERO)
        self._agent = agent
        self._settings = settings
        self._certificates = certificates
        self._wall_clock = wall_clock
        self._current_at = 0.0  # when a control plane was last connected, on the monotonic clock

    async def watch(self) -> None:
        """Note for how long no control plane has been connected; for ever."""
        while True:
            if self.discovery is not None and self.discovery.connected_to is not None:
                self._current_at = time.monotonic()
            await asyncio.sleep(WATCH_SECONDS)

    def not_ready(self) -> str:
        agent = self._agent
        if agent.draining:
            return "the replica is draining"
        if agent.served.commit is None:
            return "no configuration is loaded"
        if agent.serving() == 0:
            return "no worker takes connections yet"
        return ""

    def status(self) -> dict[str, Any]:
        agent = self._agent
        return {
            "revision": agent.served.commit.revision if agent.served.commit else 0,
            "workers": len(agent.places),
            "serving": agent.serving(),
            "bootstrapSnapshot": self.bootstrap is not None and self.bootstrap.is_served(agent),
        }

    def version(self) -> dict[str, Any]:
        return {
            "version": package_version(),
            "python": sys.version.split()[0],
            "node": self._settings.node,
            "gateway": self._settings.gateway,
        }

    def dump(self) -> dict[str, Any]:
        agent = self._agent
        commit = agent.served.commit
        return {
            "node": self._settings.node,
            "gateway": self._settings.gateway,
            "epoch": commit.epoch if commit else "",
            "revision": commit.revision if commit else 0,
            "contentHash": commit.content_hash if commit else "",
            "workers": [
                {
                    "worker": place.number,
                    "pid": worker.process.pid,
                    "accepting": worker.accepting,
                    "draining": worker.draining,
                    "revision": worker.feed.applied.revision if worker.feed.applied else 0,
                }
                for place in agent.places
                for worker in place.workers
            ],
            **dump_resources(dict(agent.resources)),
        }

    def metrics(self) -> str:
        own = (
            *self._agent_families(),
            *self._feed_families(),
            *self._certificate_families(),
            *self._discovery_families(),
        )
        return render([*own, *_worker_families(self._agent.totals)])

    def _age_seconds(self) -> float:
        """Since what is served was last known to be current: by a connection, or by the update itself."""
        served = self._agent.served
        if served.commit is None or (self.discovery is not None and self.discovery.connected_to is not None):
            return 0.0
        return time.monotonic() - max(served.since, self._current_at)

    def _discovery_families(self) -> list[Family]:
        if self.discovery is None:
            return []
        counters = self.discovery.counters
        connected = self.discovery.connected_to is not None
        families = [
            _one("isthmus_control_plane_connected", "gauge", "Whether a discovery stream is open.", connected),
            _one("isthmus_discovery_connects_total", "counter", "Discovery streams opened.", counters.connects),
            _one("isthmus_discovery_failures_total", "counter", "Discovery streams lost or failed.", counters.failures),
            _one("isthmus_discovery_protocol_errors_total", "counter", "Broken messages.", counters.protocol_errors),
            _one(
                "isthmus_discovery_renewals_total", "counter", "Streams renewed for a certificate.", counters.renewals
            ),
            *_discovery_certificate_families(self.discovery.tls),
            _one("isthmus_discovery_refused_epochs_total", "counter", "Stores refused.", counters.refused_epochs),
            _one("isthmus_last_good_enabled", "gauge", "Whether there is a last good file.", self.saver is not None),
        ]
        if self.saver is not None:
            families += [
                _one("isthmus_last_good_revision", "gauge", "Revision last written.", self.saver.saved_revision),
                _one("isthmus_last_good_failures_total", "counter", "Writes that failed.", self.saver.failures),
            ]
        if self.bootstrap is not None:
            served, failures = self.bootstrap.is_served(self._agent), self.bootstrap.failures
            families += [
                _one("isthmus_bootstrap_snapshot_served", "gauge", "Whether a bootstrap snapshot is served.", served),
                _one("isthmus_bootstrap_snapshot_failures_total", "counter", "Snapshots of no use.", failures),
            ]
        return families

    def _feed_families(self) -> list[Family]:
        if self.feed is None:
            return []
        feed, counters = self.feed, self.feed.counters
        connected = feed.connected_to is not None
        return [
            _one("isthmus_collector_connected", "gauge", "Whether a stream to a collector is open.", connected),
            _one("isthmus_collector_connects_total", "counter", "Streams to collectors opened.", counters.connects),
            _one("isthmus_collector_failures_total", "counter", "Streams lost or failed.", counters.failures),
            _one("isthmus_collector_lag_seconds", "gauge", "How long the oldest record has waited.", feed.lag_seconds),
            _one("isthmus_records_sent_total", "counter", "Call records sent to collectors.", counters.sent),
            _one("isthmus_records_acked_total", "counter", "Call records that are stored there.", counters.acked),
            _one("isthmus_records_unusable_total", "counter", "Lines that no collector would take.", counters.unusable),
        ]

    def _certificate_families(self) -> list[Family]:
        left = self._certificates.seconds_left()
        if not left:
            return []
        files = self._certificates.files
        return [
            Family(
                "isthmus_tls_certificate_expiry_seconds",
                "gauge",
                "Until a listener's certificate ends; below 0 it has ended.",
                [Sample([("name", name)], seconds) for name, seconds in left],
            ),
            _one("isthmus_tls_certificate_files_broken", "gauge", "Pairs that cannot be used now.", len(files.broken)),
            _one("isthmus_tls_certificate_failures_total", "counter", "Pairs that could not be used.", files.failures),
        ]

    def _agent_families(self) -> list[Family]:
        agent = self._agent
        served, spool = agent.served, agent.spool
        commit = served.commit
        places = [(("worker", str(place.number)), place) for place in agent.places]
        return [
            Family(
                "isthmus_build_info",
                "gauge",
                "1, with the version that runs.",
                [Sample([("version", package_version())], 1.0)],
            ),
            _one("isthmus_clock_seconds", "gauge", "The replica's wall clock, since 1970.", self._wall_clock()),
            _one("isthmus_ready", "gauge", "Whether the replica should get traffic.", not self.not_ready()),
            _one("isthmus_draining", "gauge", "Whether the replica ends as soon as its requests have.", agent.draining),
            _one("isthmus_config_revision", "gauge", "Revision that is served.", commit.revision if commit else 0),
            _one("isthmus_config_age_seconds", "gauge", "Since it was known to be current.", self._age_seconds()),
            Family(
                "isthmus_config_updates_total",
                "counter",
                "Updates by what became of them.",
                [
                    Sample([("result", "accepted")], served.accepted),
                    Sample([("result", "rejected")], served.rejected),
                ],
            ),
            Family(
                "isthmus_worker_revision",
                "gauge",
                "Revision that a worker serves.",
                [
                    Sample([label], place.current.feed.applied.revision)
                    for label, place in places
                    if place.current and place.current.feed.applied
                ],
            ),
            Family(
                "isthmus_worker_restarts_total",
                "counter",
                "Times a worker was replaced.",
                [Sample([label], place.restarts) for label, place in places],
            ),
            _one("isthmus_failed_upgrades_total", "counter", "Upgrades that came to nothing.", agent.failed_upgrades),
            _one("isthmus_workers_serving", "gauge", "Workers that take connections.", agent.serving()),
            _one("isthmus_spool_bytes", "gauge", "Call records that wait on disk.", spool.size_bytes),
            _one("isthmus_spool_limit_bytes", "gauge", "What may wait.", self._settings.spool_bytes),
            _one("isthmus_records_stored_total", "counter", "Call records written in full.", spool.stored),
            _one(
                "isthmus_records_folded_total",
                "counter",
                "Call records of which only sums are kept: the spool or the disk was full.",
                spool.folded,
            ),
            _one(
                "isthmus_records_lost_total",
                "counter",
                "Call records that are in no sum either.",
                spool.lost + agent.lost_records,
            ),
        ]


def _discovery_certificate_families(files: TlsFiles) -> list[Family]:
    label = [("certificate", "discovery")]
    return [
        Family(
            "isthmus_certificate_expiry_seconds",
            "gauge",
            "Until a certificate in use ends; below 0 it has ended.",
            [Sample([("certificate", name)], seconds) for name, seconds in files.seconds_left()],
        ),
        Family(
            "isthmus_certificate_broken",
            "gauge",
            "1 while the files cannot be used and those before are used on.",
            [Sample(label, float(files.is_broken()))],
        ),
        Family(
            "isthmus_certificate_reloads_total",
            "counter",
            "Times that new files were taken into use.",
            [Sample(label, files.reloads)],
        ),
        Family(
            "isthmus_certificate_reload_failures_total",
            "counter",
            "Times that new files could not be used.",
            [Sample(label, files.failures)],
        ),
    ]


def _worker_families(totals: Totals) -> list[Family]:
    """What workers count. A name that is defined nowhere is a value of now."""
    families: dict[str, Family] = {}
    for (name, labels), total in totals:
        family = families.get(name)
        if family is None:
            definition = ALL_DEFINITIONS.get(name)
            if definition is None:
                family = Family(name, "gauge", GAUGES.get(name, name))
            else:
                family = Family(name, definition.kind, definition.help, bounds=definition.bounds)
            families[name] = family
        family.samples.append(Sample(labels, total.value, total.buckets))
    return list(families.values())


def _one(name: str, kind: Literal["counter", "gauge"], help_text: str, value: float) -> Family:
    return Family(name, kind, help_text, [Sample([], float(value))])
