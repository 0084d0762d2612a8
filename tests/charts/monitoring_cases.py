"""When each alert fires, and when it does not: series as promtool has them, one value a minute."""

from dataclasses import dataclass

NAMESPACE = 'namespace="gateways"'
POD = "edge-isthmus-data-plane-1"
CONTROL_PLANE = "edge-isthmus-control-plane-1"
ETCD = "edge-isthmus-etcd-0"
OTHERS = "another-1"  # a pod of another release
COLLECTOR = "edge-isthmus-collector-0"
DAY = 86_400

Series = dict[str, str]


@dataclass(frozen=True, slots=True)
class Case:
    """`labels` are those of the alert beside `release` and `severity`."""

    labels: dict[str, str]
    fires: Series
    quiet: Series


def replica(metric: str, pod: str = POD, **labels: str) -> str:
    values = ",".join([NAMESPACE, f'pod="{pod}"', *(f'{name}="{value}"' for name, value in labels.items())])
    return f"{metric}{{{values}}}"


def control_plane(metric: str, **labels: str) -> str:
    return replica(metric, CONTROL_PLANE, **labels)


def etcd(metric: str, pod: str = ETCD, **labels: str) -> str:
    return replica(metric, pod, **labels)


def always(value: float) -> str:
    return f"{value}+0x40"


def rising(by: float, start: float = 0.0) -> str:
    return f"{start}+{by}x40"


def buckets(metric: str, pod: str, fast: str, slow: str, **labels: str) -> Series:
    """A histogram of two buckets: the slow one counts all."""
    return {
        replica(f"{metric}_bucket", pod, le=fast, **labels): rising(10),
        replica(f"{metric}_bucket", pod, le=slow, **labels): rising(1000),
        replica(f"{metric}_bucket", pod, le="+Inf", **labels): rising(1000),
    }


def quick(metric: str, pod: str, fast: str, **labels: str) -> Series:
    return {
        replica(f"{metric}_bucket", pod, le=fast, **labels): rising(1000),
        replica(f"{metric}_bucket", pod, le="+Inf", **labels): rising(1000),
    }


def traffic(errors: float, origin: str, status: str = "503", code: str = "overloaded") -> Series:
    """1,000 requests a minute, so many of which fail."""
    return {
        replica("isthmus_requests_total", route="acme/chat", status="200"): rising(1000 - errors),
        replica("isthmus_requests_total", route="acme/chat", status=status): rising(errors),
        replica("isthmus_errors_total", route="acme/chat", status=status, code=code, origin=origin): rising(errors),
    }


OF_NAMESPACE = {"namespace": "gateways"}
OF_REPLICA = {**OF_NAMESPACE, "pod": POD}
OF_CONTROL_PLANE = {**OF_NAMESPACE, "pod": CONTROL_PLANE}
OF_COLLECTOR = {**OF_NAMESPACE, "pod": COLLECTOR}
OF_ETCD = {**OF_NAMESPACE, "pod": ETCD}

DATA_PLANE: dict[str, Case] = {
    "IsthmusReplicaDown": Case(OF_REPLICA, {replica("up"): always(0)}, {replica("up"): always(1)}),
    "IsthmusNoReplicaReady": Case(
        OF_NAMESPACE,
        {replica("isthmus_ready"): always(0), replica("isthmus_ready", OTHERS): always(1)},
        {replica("isthmus_ready"): always(0), replica("isthmus_ready", f"{POD}2"): always(1)},
    ),
    "IsthmusReplicaNotReady": Case(
        OF_REPLICA,
        {replica("isthmus_ready"): always(0), replica("isthmus_draining"): always(0)},
        {replica("isthmus_ready"): always(0), replica("isthmus_draining"): always(1)},
    ),
    "IsthmusDrainLong": Case(
        OF_REPLICA, {replica("isthmus_draining"): always(1)}, {replica("isthmus_draining"): "0+0x26 1+0x10"}
    ),
    "IsthmusWorkersMissing": Case(
        OF_REPLICA,
        {
            replica("isthmus_workers_serving"): always(1),
            replica("isthmus_worker_restarts_total", worker="0"): always(0),
            replica("isthmus_worker_restarts_total", worker="1"): always(7),
        },
        {
            replica("isthmus_workers_serving"): always(2),
            replica("isthmus_worker_restarts_total", worker="0"): always(0),
            replica("isthmus_worker_restarts_total", worker="1"): always(7),
        },
    ),
    "IsthmusWorkerRestarts": Case(
        OF_REPLICA,
        {replica("isthmus_worker_restarts_total", worker="0"): rising(1)},
        {replica("isthmus_worker_restarts_total", worker="0"): "0+0x20 1+0x20"},
    ),
    "IsthmusNearLimit": Case(
        {**OF_REPLICA, "limit": "held_bytes"},
        {replica("isthmus_held_bytes"): always(90), replica("isthmus_held_bytes_limit"): always(100)},
        {
            replica("isthmus_held_bytes"): always(70),
            replica("isthmus_held_bytes_limit"): always(100),
            replica("isthmus_exchanges"): always(4_000),
            replica("isthmus_exchanges_limit"): always(5_000),
            replica("isthmus_connections"): always(5_000),
            replica("isthmus_connections_limit"): always(16_000),
        },
    ),
    "IsthmusOverloaded": Case(
        {**OF_NAMESPACE, "reason": "exchanges"},
        {replica("isthmus_refused_connections_total", reason="exchanges"): rising(1)},
        {replica("isthmus_refused_connections_total", reason="exchanges"): always(7)},
    ),
    "IsthmusAddedLatencyHigh": Case(
        OF_NAMESPACE,
        buckets("isthmus_dispatch_seconds", POD, "0.005", "0.5"),
        quick("isthmus_dispatch_seconds", POD, "0.005"),
    ),
    "IsthmusClockSkew": Case(
        OF_CONTROL_PLANE,
        {control_plane("isthmus_control_plane_clock_seconds"): rising(60, 10)},
        {
            control_plane("isthmus_control_plane_clock_seconds"): rising(60, 1),
            replica("isthmus_clock_seconds"): rising(60, -1),
        },
    ),
    "IsthmusReplicaDisconnected": Case(
        OF_REPLICA,
        {replica("isthmus_control_plane_connected"): always(0)},
        {replica("isthmus_control_plane_connected"): "1+0x20 0+0x3 1+0x20"},
    ),
    "IsthmusConfigurationStale": Case(
        OF_REPLICA,
        {replica("isthmus_config_age_seconds"): rising(60)},
        {replica("isthmus_config_age_seconds"): always(600)},
    ),
    "IsthmusReplicaBehind": Case(
        OF_REPLICA,
        {replica("isthmus_config_revision"): always(7), replica("isthmus_config_revision", f"{POD}2"): always(9)},
        {replica("isthmus_config_revision"): rising(1), replica("isthmus_config_revision", f"{POD}2"): rising(1, 2)},
    ),
    "IsthmusWorkerBehind": Case(
        {**OF_REPLICA, "worker": "0"},
        {replica("isthmus_worker_revision", worker="0"): always(7), replica("isthmus_config_revision"): always(9)},
        {replica("isthmus_worker_revision", worker="0"): always(9), replica("isthmus_config_revision"): always(9)},
    ),
    "IsthmusUpdateRejected": Case(
        {**OF_REPLICA, "result": "rejected"},
        {replica("isthmus_config_updates_total", result="rejected"): "0+0x20 1+0x20"},
        {
            replica("isthmus_config_updates_total", result="rejected"): always(3),
            replica("isthmus_config_updates_total", result="accepted"): rising(1),
        },
    ),
    "IsthmusNotProgrammed": Case(
        {**OF_NAMESPACE, "route": "acme/chat"},
        traffic(5, "gateway", code="not_programmed"),
        traffic(5, "gateway", code="overloaded"),
    ),
    "IsthmusEpochRefused": Case(
        OF_REPLICA,
        {replica("isthmus_discovery_refused_epochs_total"): rising(1)},
        {replica("isthmus_discovery_refused_epochs_total"): always(1)},
    ),
    "IsthmusDiscoveryBroken": Case(
        OF_REPLICA,
        {replica("isthmus_discovery_protocol_errors_total"): rising(1)},
        {replica("isthmus_discovery_protocol_errors_total"): always(1)},
    ),
    "IsthmusLastGoodMissing": Case(
        OF_REPLICA,
        {replica("isthmus_last_good_enabled"): always(0)},
        {
            replica("isthmus_last_good_enabled"): always(1),
            replica("isthmus_last_good_revision"): "7+0x26 9+0x10",
            replica("isthmus_config_revision"): "7+0x22 9+0x10",
        },
    ),
    "IsthmusUpstreamFailing": Case(
        {**OF_NAMESPACE, "target": "openai/gpt"},
        {
            replica("isthmus_upstream_attempts_total", target="openai/gpt", status="200", reason=""): rising(80),
            replica("isthmus_upstream_attempts_total", target="openai/gpt", status="500", reason=""): rising(60),
            replica(
                "isthmus_upstream_attempts_total", target="openai/gpt", status="0", reason="upstream_unreachable"
            ): rising(60),
        },
        {
            replica("isthmus_upstream_attempts_total", target="openai/gpt", status="200", reason=""): rising(80),
            replica("isthmus_upstream_attempts_total", target="openai/gpt", status="500", reason=""): rising(5),
            replica("isthmus_upstream_attempts_total", target="openai/gpt", status="0", reason="aborted"): rising(90),
        },
    ),
    "IsthmusProviderAuthFailed": Case(
        {**OF_NAMESPACE, "route": "acme/chat"},
        traffic(1, "upstream", "502", "provider_auth_failed"),
        traffic(1, "upstream", "502", "upstream_unreachable"),
    ),
    "IsthmusRecordsLost": Case(
        OF_REPLICA,
        {replica("isthmus_records_lost_total"): rising(1)},
        {replica("isthmus_records_lost_total"): always(4)},
    ),
    "IsthmusCertificateExpires": Case(
        {**OF_CONTROL_PLANE, "certificate": "api"},
        {control_plane("isthmus_certificate_expiry_seconds", certificate="api"): always(13 * DAY)},
        {
            control_plane("isthmus_certificate_expiry_seconds", certificate="api"): always(15 * DAY),
            replica("isthmus_certificate_expiry_seconds", certificate="discovery"): always(15 * DAY),
        },
    ),
    "IsthmusCertificateBroken": Case(
        {**OF_REPLICA, "certificate": "discovery"},
        {replica("isthmus_certificate_broken", certificate="discovery"): always(1)},
        {
            replica("isthmus_certificate_broken", certificate="discovery"): always(0),
            control_plane("isthmus_certificate_broken", certificate="api"): always(0),
        },
    ),
    "IsthmusBootstrapSnapshotServed": Case(
        OF_REPLICA,
        {replica("isthmus_bootstrap_snapshot_served"): always(1)},
        {replica("isthmus_bootstrap_snapshot_served"): "0+0x22 1+0x20"},
    ),
    "IsthmusListenerCertificateExpires": Case(
        {**OF_NAMESPACE, "name": "acme/Secret/tls"},
        {replica("isthmus_tls_certificate_expiry_seconds", name="acme/Secret/tls"): always(13 * DAY)},
        {replica("isthmus_tls_certificate_expiry_seconds", name="acme/Secret/tls"): always(15 * DAY)},
    ),
    "IsthmusListenerCertificateBroken": Case(
        OF_REPLICA,
        {replica("isthmus_tls_certificate_files_broken"): always(1)},
        {replica("isthmus_tls_certificate_files_broken"): always(0)},
    ),
}

CONTROL_PLANES: dict[str, Case] = {
    "IsthmusControlPlaneDown": Case(
        OF_CONTROL_PLANE, {control_plane("up"): always(0)}, {control_plane("up"): always(1)}
    ),
    "IsthmusNoControlPlaneReady": Case(
        OF_NAMESPACE,
        {
            control_plane("isthmus_control_plane_ready"): always(0),
            replica("isthmus_control_plane_ready", OTHERS): always(1),
        },
        {control_plane("isthmus_control_plane_ready"): always(1)},
    ),
    "IsthmusControlPlaneNotReady": Case(
        OF_CONTROL_PLANE,
        {control_plane("isthmus_control_plane_ready"): always(0)},
        {control_plane("isthmus_control_plane_ready"): "0+0x8 1+0x30"},
    ),
    "IsthmusNoLeader": Case(
        OF_NAMESPACE,
        {
            control_plane("isthmus_control_plane_leader"): always(0),
            replica("isthmus_control_plane_leader", OTHERS): always(1),
        },
        {
            control_plane("isthmus_control_plane_leader"): always(0),
            replica("isthmus_control_plane_leader", "edge-isthmus-control-plane-2"): always(1),
        },
    ),
    "IsthmusStoreUnreachable": Case(
        OF_CONTROL_PLANE,
        {control_plane("isthmus_control_plane_store_failures_total", reason="unavailable"): rising(120)},
        {control_plane("isthmus_control_plane_store_failures_total", reason="conflict"): rising(120)},
    ),
    "IsthmusStoreSlow": Case(
        OF_NAMESPACE,
        buckets("isthmus_control_plane_store_seconds", CONTROL_PLANE, "0.01", "5", operation="transact"),
        {
            **quick("isthmus_control_plane_store_seconds", CONTROL_PLANE, "0.01", operation="transact"),
            **buckets("isthmus_control_plane_store_seconds", CONTROL_PLANE, "0.01", "5", operation="list"),
        },
    ),
    "IsthmusWritesRefused": Case(
        OF_NAMESPACE,
        {control_plane("isthmus_control_plane_requests_total", method="PUT", status="503"): rising(1)},
        {
            control_plane("isthmus_control_plane_requests_total", method="GET", status="503"): rising(1),
            control_plane("isthmus_control_plane_requests_total", method="PUT", status="409"): rising(1),
        },
    ),
    "IsthmusResourceQuarantined": Case(
        OF_NAMESPACE,
        {control_plane("isthmus_control_plane_quarantined"): always(2)},
        {control_plane("isthmus_control_plane_quarantined"): always(0)},
    ),
    "IsthmusAdminCallsRefused": Case(
        OF_NAMESPACE,
        {control_plane("isthmus_control_plane_requests_total", method="GET", status="401"): rising(60)},
        {
            control_plane("isthmus_control_plane_requests_total", method="GET", status="401"): rising(1),
            control_plane("isthmus_control_plane_requests_total", method="GET", status="200"): rising(60),
        },
    ),
}

OBJECTIVES: dict[str, Case] = {
    "IsthmusErrorRatioHigh": Case(
        {**OF_NAMESPACE, "origin": "upstream"},
        traffic(300, "upstream", "502", "upstream_unreachable"),
        traffic(100, "client", "499", "client_closed_request"),
    ),
    "IsthmusErrorBudgetBurnsFast": Case(OF_NAMESPACE, traffic(20, "gateway"), traffic(20, "upstream")),
    "IsthmusErrorBudgetBurnsSlowly": Case(OF_NAMESPACE, traffic(4, "gateway"), traffic(0.5, "gateway")),
}

ETCD_MEMBERS: dict[str, Case] = {
    "IsthmusEtcdMemberDown": Case(OF_ETCD, {etcd("up"): always(0)}, {etcd("up"): always(1)}),
    "IsthmusEtcdNoLeader": Case(
        OF_ETCD, {etcd("etcd_server_has_leader"): always(0)}, {etcd("etcd_server_has_leader"): always(1)}
    ),
    "IsthmusEtcdLeaderChanges": Case(
        OF_NAMESPACE,
        {etcd("etcd_server_leader_changes_seen_total"): rising(1)},
        {etcd("etcd_server_leader_changes_seen_total"): "1+0x20 2+0x20"},
    ),
    "IsthmusEtcdSlowDisk": Case(
        OF_ETCD,
        buckets("etcd_disk_wal_fsync_duration_seconds", ETCD, "0.008", "1.024"),
        quick("etcd_disk_wal_fsync_duration_seconds", ETCD, "0.008"),
    ),
    "IsthmusEtcdNearlyFull": Case(
        OF_ETCD,
        {etcd("etcd_mvcc_db_total_size_in_bytes"): always(90), etcd("etcd_server_quota_backend_bytes"): always(100)},
        {etcd("etcd_mvcc_db_total_size_in_bytes"): always(70), etcd("etcd_server_quota_backend_bytes"): always(100)},
    ),
}

BACKUP_JOB = f'{{{NAMESPACE},cronjob="edge-isthmus-backup"}}'

RECORDS: dict[str, Case] = {
    "IsthmusCollectorDown": Case(
        OF_COLLECTOR, {replica("up", COLLECTOR): always(0)}, {replica("up", COLLECTOR): always(1)}
    ),
    "IsthmusCollectorNotStoring": Case(
        OF_COLLECTOR,
        {replica("isthmus_collector_ready", COLLECTOR): always(0)},
        {replica("isthmus_collector_ready", COLLECTOR): always(1)},
    ),
    "IsthmusCollectorWritesFail": Case(
        OF_COLLECTOR,
        {replica("isthmus_collector_write_failures_total", COLLECTOR): rising(1)},
        {replica("isthmus_collector_write_failures_total", COLLECTOR): "0+0x20 1+0x20"},
    ),
    "IsthmusCollectorRefuses": Case(
        OF_COLLECTOR,
        {replica("isthmus_collector_refused_streams_total", COLLECTOR): rising(1)},
        {replica("isthmus_collector_refused_streams_total", COLLECTOR): "0+0x20 1+0x20"},
    ),
    "IsthmusRecordsWait": Case(
        OF_REPLICA,
        {replica("isthmus_collector_lag_seconds"): rising(60)},
        {replica("isthmus_collector_lag_seconds"): always(30)},
    ),
    "IsthmusSpoolFilling": Case(
        OF_REPLICA,
        {replica("isthmus_spool_bytes"): always(90), replica("isthmus_spool_limit_bytes"): always(100)},
        {replica("isthmus_spool_bytes"): always(70), replica("isthmus_spool_limit_bytes"): always(100)},
    ),
    "IsthmusRecordsFolded": Case(
        OF_REPLICA,
        {replica("isthmus_records_folded_total"): rising(1)},
        {replica("isthmus_records_folded_total"): always(7)},
    ),
    "IsthmusBackupOld": Case(
        {**OF_NAMESPACE, "cronjob": "edge-isthmus-backup"},
        {f"kube_cronjob_status_last_successful_time{BACKUP_JOB}": always(-60 * 3600)},
        {f"kube_cronjob_status_last_successful_time{BACKUP_JOB}": always(-40 * 3600)},
    ),
}

CASES: dict[str, Case] = {**DATA_PLANE, **CONTROL_PLANES, **OBJECTIVES, **ETCD_MEMBERS, **RECORDS}
