"""The dashboard of who runs the gateway."""

from scripts.dashboards.panel import Dashboard, Panel, Row, Variable, namespaces, quantiles, rate

TRAFFIC = Row(
    "Traffic",
    (
        Panel(
            "Requests",
            "Requests a second by what became of them.",
            {"{{outcome}}": rate("isthmus_requests_total", "outcome")},
            "reqps",
            runbook="First look",
        ),
        Panel(
            "Errors by origin",
            "Share of all requests that end in a 5xx, by who has to act.",
            {"{{origin}}": "max by (origin) (isthmus:error_ratio:rate5m{{place}})"},
            "percentunit",
            alerts=("IsthmusErrorRatioHigh",),
        ),
        Panel(
            "Error budget",
            "Share of requests that the gateway itself fails, over windows of several lengths.",
            {
                "5 minutes": "max(isthmus:gateway_error_ratio:rate5m{{place}})",
                "1 hour": "max(isthmus:gateway_error_ratio:rate1h{{place}})",
                "6 hours": "max(isthmus:gateway_error_ratio:rate6h{{place}})",
                "3 days": "max(isthmus:gateway_error_ratio:rate3d{{place}})",
            },
            "percentunit",
            alerts=("IsthmusErrorBudgetBurnsFast", "IsthmusErrorBudgetBurnsSlowly"),
        ),
        Panel(
            "Errors by code",
            "Errors a second by the code that clients are told; without a code, an upstream's own answer.",
            {"{{status}} {{code}} ({{origin}})": rate("isthmus_errors_total", "status, code, origin")},
            "reqps",
            alerts=("IsthmusNotProgrammed", "IsthmusProviderAuthFailed"),
        ),
        Panel(
            "Time of requests",
            "From a request's head to the end of its answer.",
            quantiles("isthmus_request_seconds", "", of=(0.5, 0.9, 0.99)),
            "s",
            runbook="Slow answers",
        ),
        Panel(
            "Time in the gateway",
            "From a request's head to the first try at an upstream.",
            quantiles("isthmus_dispatch_seconds", "", of=(0.5, 0.99)),
            "s",
            alerts=("IsthmusAddedLatencyHigh",),
        ),
    ),
)

UPSTREAMS = Row(
    "Upstreams",
    (
        Panel(
            "Failing tries",
            "Share of the tries at each target without an answer, or with a 5xx.",
            {"{{target}}": "max by (target) (isthmus:upstream_failure_ratio:rate5m{{place}})"},
            "percentunit",
            alerts=("IsthmusUpstreamFailing",),
        ),
        Panel(
            "Tries by reason of failure",
            "Tries a second that failed, by reason.",
            {
                "{{target}} {{reason}}": rate(
                    "isthmus_upstream_attempts_total", "target, reason", '{replicas},reason!=""'
                )
            },
            "reqps",
            alerts=("IsthmusUpstreamFailing",),
        ),
        Panel(
            "Time of tries",
            "How long a try at each target takes.",
            quantiles("isthmus_upstream_seconds", "target"),
            "s",
            runbook="Slow answers",
        ),
    ),
)

CAPACITY = Row(
    "Capacity",
    (
        Panel(
            "Replicas",
            "How many answer, are ready, and drain.",
            {
                "answer": 'sum(up{{place},pod=~".+-data-plane-.+"})',
                "ready": "sum(isthmus_ready{{replicas}})",
                "draining": "sum(isthmus_draining{{replicas}})",
            },
            alerts=("IsthmusReplicaDown", "IsthmusNoReplicaReady", "IsthmusReplicaNotReady", "IsthmusDrainLong"),
        ),
        Panel(
            "Requests under way",
            "In each replica; what the autoscaler looks at.",
            {"{{pod}}": "sum by (pod) (isthmus_exchanges{{replicas}})"},
            runbook="Scaling",
        ),
        Panel(
            "Share of the limits",
            "Of the fullest replica; at 100% clients are refused.",
            {
                "requests": "max(isthmus_exchanges{{replicas}} / isthmus_exchanges_limit{{replicas}})",
                "connections": "max(isthmus_connections{{replicas}} / isthmus_connections_limit{{replicas}})",
                "held bytes": "max(isthmus_held_bytes{{replicas}} / isthmus_held_bytes_limit{{replicas}})",
            },
            "percentunit",
            alerts=("IsthmusNearLimit",),
        ),
        Panel(
            "Refused for load",
            "Connections and requests a second that replicas had no room for.",
            {"{{reason}}": rate("isthmus_refused_connections_total", "reason")},
            "reqps",
            alerts=("IsthmusOverloaded",),
        ),
        Panel(
            "Workers",
            "Processes that take connections, and how many were replaced within an hour.",
            {
                "serving": "sum(isthmus_workers_serving{{replicas}})",
                "replaced": "sum(increase(isthmus_worker_restarts_total{{replicas}}[1h]))",
            },
            alerts=("IsthmusWorkersMissing", "IsthmusWorkerRestarts"),
        ),
        Panel(
            "Clients that are kept out",
            "Connections and requests a second that end before HTTP begins, or are refused by their address.",
            {
                "{{stage}} {{reason}}": rate("isthmus_failed_openings_total", "stage, reason"),
                "address: {{reason}}": rate("isthmus_address_refused_total", "reason"),
            },
            "reqps",
            runbook="Clients that are kept out",
        ),
    ),
)

CONFIGURATION = Row(
    "Configuration",
    (
        Panel(
            "Revision",
            "What each replica and its workers serve, and what control planes have.",
            {
                "{{pod}}": "isthmus_config_revision{{replicas}}",
                "{{pod}} worker {{worker}}": "isthmus_worker_revision{{replicas}}",
                "control plane {{pod}}": "isthmus_control_plane_revision{{place}}",
            },
            alerts=("IsthmusReplicaBehind", "IsthmusWorkerBehind"),
        ),
        Panel(
            "Age",
            "Since a control plane last confirmed what a replica serves.",
            {"{{pod}}": "isthmus_config_age_seconds{{replicas}}"},
            "s",
            alerts=("IsthmusConfigurationStale", "IsthmusReplicaDisconnected"),
        ),
        Panel(
            "Rejected and in quarantine",
            "Changes that replicas rejected within an hour, and resources that are left out because of it.",
            {
                "rejected": 'sum(increase(isthmus_config_updates_total{{replicas},result="rejected"}[1h]))',
                "quarantine": "max(isthmus_control_plane_quarantined{{place}})",
            },
            alerts=("IsthmusUpdateRejected", "IsthmusResourceQuarantined"),
        ),
        Panel(
            "Time of changes",
            "From a change's arrival at a replica until all of its workers serve it.",
            quantiles("isthmus_config_apply_seconds", ""),
            "s",
            runbook="Slow changes",
        ),
        Panel(
            "Streams from control planes",
            "Lost or failed within an hour, broken messages, and stores that were refused.",
            {
                "lost": "sum(increase(isthmus_discovery_failures_total{{replicas}}[1h]))",
                "broken": "sum(increase(isthmus_discovery_protocol_errors_total{{replicas}}[1h]))",
                "refused stores": "sum(increase(isthmus_discovery_refused_epochs_total{{replicas}}[1h]))",
            },
            alerts=("IsthmusReplicaDisconnected", "IsthmusDiscoveryBroken", "IsthmusEpochRefused"),
        ),
        Panel(
            "Start without control planes",
            "Revisions that the file on disk is behind, and replicas that serve a bootstrap snapshot.",
            {
                "{{pod}} behind": "isthmus_config_revision{{replicas}} - isthmus_last_good_revision{{replicas}}",
                "bootstrap snapshot": "sum(isthmus_bootstrap_snapshot_served{{replicas}})",
            },
            alerts=("IsthmusLastGoodMissing", "IsthmusBootstrapSnapshotServed"),
        ),
    ),
)

CONTROL_PLANES = Row(
    "Control planes",
    (
        Panel(
            "Control planes",
            "How many are ready, how many lead, and the replicas that are connected to them.",
            {
                "ready": "sum(isthmus_control_plane_ready{{place}})",
                "leaders": "sum(isthmus_control_plane_leader{{place}})",
                "replicas": "sum(isthmus_control_plane_connected_replicas{{place}})",
            },
            alerts=(
                "IsthmusControlPlaneDown",
                "IsthmusControlPlaneNotReady",
                "IsthmusNoControlPlaneReady",
                "IsthmusNoLeader",
            ),
        ),
        Panel(
            "Admin API",
            "Calls a second by method and status.",
            {"{{method}} {{status}}": rate("isthmus_control_plane_requests_total", "method, status", "{place}")},
            "reqps",
            alerts=("IsthmusWritesRefused", "IsthmusAdminCallsRefused"),
        ),
        Panel(
            "Calls to etcd",
            "How long they take, and how many a second fail.",
            {
                **quantiles("isthmus_control_plane_store_seconds", "operation", "{place}"),
                "{{reason}} failures": rate("isthmus_control_plane_store_failures_total", "reason", "{place}"),
            },
            alerts=("IsthmusStoreSlow", "IsthmusStoreUnreachable"),
        ),
    ),
)

ETCD = Row(
    "etcd of the release",
    (
        Panel(
            "Members with a leader",
            "And how often it changed within an hour.",
            {
                "members": "sum(etcd_server_has_leader{{place}})",
                "changes": "max(increase(etcd_server_leader_changes_seen_total{{place}}[1h]))",
            },
            alerts=("IsthmusEtcdMemberDown", "IsthmusEtcdNoLeader", "IsthmusEtcdLeaderChanges"),
        ),
        Panel(
            "Syncs to disk",
            "How long the slowest of a hundred takes.",
            quantiles("etcd_disk_wal_fsync_duration_seconds", "pod", "{place}"),
            "s",
            alerts=("IsthmusEtcdSlowDisk",),
        ),
        Panel(
            "Share of the quota",
            "Of the database; at 100% nothing can be written.",
            {"{{pod}}": "etcd_mvcc_db_total_size_in_bytes{{place}} / etcd_server_quota_backend_bytes{{place}}"},
            "percentunit",
            alerts=("IsthmusEtcdNearlyFull",),
        ),
    ),
)

RECORDS = Row(
    "Call records",
    (
        Panel(
            "Records",
            "A second: stored in full, kept as sums, and lost.",
            {
                "stored": "sum(rate(isthmus_records_stored_total{{replicas}}[$__rate_interval]))",
                "folded": "sum(rate(isthmus_records_folded_total{{replicas}}[$__rate_interval]))",
                "lost": "sum(rate(isthmus_records_lost_total{{replicas}}[$__rate_interval]))",
            },
            alerts=("IsthmusRecordsLost", "IsthmusRecordsFolded"),
        ),
        Panel(
            "Share of the spool",
            "Of each replica. Without a collector it fills up, and the oldest records become sums.",
            {"{{pod}}": "isthmus_spool_bytes{{replicas}} / isthmus_spool_limit_bytes{{replicas}}"},
            "percentunit",
            alerts=("IsthmusSpoolFilling",),
        ),
        Panel(
            "Waiting for a collector",
            "How long the oldest record of each replica has waited.",
            {"{{pod}}": "isthmus_collector_lag_seconds{{replicas}}"},
            "s",
            alerts=("IsthmusRecordsWait",),
        ),
        Panel(
            "Collectors",
            "Records stored a second, writes that failed and streams that were refused within an hour.",
            {
                "{{pod}} stored": "rate(isthmus_collector_records_stored_total{{place}}[$__rate_interval])",
                "{{pod}} failed writes": "increase(isthmus_collector_write_failures_total{{place}}[1h])",
                "{{pod}} refused": "increase(isthmus_collector_refused_streams_total{{place}}[1h])",
                "{{pod}} ready": "isthmus_collector_ready{{place}}",
            },
            alerts=(
                "IsthmusCollectorDown",
                "IsthmusCollectorNotStoring",
                "IsthmusCollectorWritesFail",
                "IsthmusCollectorRefuses",
            ),
        ),
    ),
)

UPKEEP = Row(
    "Certificates, clocks and versions",
    (
        Panel(
            "Certificates",
            "Until they end.",
            {
                "{{pod}} {{certificate}}": "isthmus_certificate_expiry_seconds{{place}}",
                "listener {{name}}": "min by (name) (isthmus_tls_certificate_expiry_seconds{{replicas}})",
            },
            "s",
            alerts=(
                "IsthmusCertificateExpires",
                "IsthmusCertificateBroken",
                "IsthmusListenerCertificateExpires",
                "IsthmusListenerCertificateBroken",
            ),
        ),
        Panel(
            "Clocks",
            "How far each is off the time of its scrape.",
            {
                "{{pod}}": "abs(isthmus_clock_seconds{{replicas}} - timestamp(isthmus_clock_seconds{{replicas}}))",
                "control plane {{pod}}": (
                    "abs(isthmus_control_plane_clock_seconds{{place}}"
                    " - timestamp(isthmus_control_plane_clock_seconds{{place}}))"
                ),
            },
            "s",
            alerts=("IsthmusClockSkew",),
        ),
        Panel(
            "Versions",
            "Replicas by the version that they run; two during an upgrade.",
            {"{{version}}": "count by (version) (isthmus_build_info{{replicas}})"},
            runbook="Versions",
        ),
    ),
)

OPERATOR = Dashboard(
    "isthmus-operator",
    "Isthmus: operator",
    "Whether the gateway does its work, and which part does not.",
    (namespaces(), Variable("pod", "Replica", 'label_values(isthmus_ready{namespace=~"$namespace"}, pod)')),
    (TRAFFIC, UPSTREAMS, CAPACITY, CONFIGURATION, CONTROL_PLANES, ETCD, RECORDS, UPKEEP),
    'namespace=~"$namespace",pod=~"$pod"',
)
