"""Tables of the store, as migrations. What has been released is not changed: a change is another migration.

Migrations only add and widen, so that a collector of the release before can go on writing. Each statement may run
twice.
Details and sums are in `ReplacingMergeTree` tables, whose sorting key ends with what names a row for ever: a row that
was written twice is one in a query with `FINAL`.
"""

USAGE = (
    "input_uncached",
    "cache_read",
    "cache_write_5m",
    "cache_write_1h",
    "reasoning",
    "output",
    "input_audio",
    "output_audio",
    "input_image",
)
# What an hourly sum is of: records that agree in all of these.
GROUPS = (
    "gateway",
    "tenant",
    "team",
    "application",
    "route",
    "api",
    "operation",
    "model",
    "version",
    "target",
    "provider",
    "outcome",
    "status",
    "error_code",
)

_USAGE_COLUMNS = ",\n    ".join(f"{name} Int64 CODEC(T64, ZSTD)" for name in USAGE)
_ATTEMPT_USAGE = ", ".join(f"{name} Int64" for name in USAGE)
_USAGE_NAMES = ", ".join(USAGE)

CALL_RECORDS = f"""
CREATE TABLE IF NOT EXISTS {{database}}.call_records (
    node LowCardinality(String),
    worker UInt32,
    incarnation UInt64 CODEC(ZSTD),
    sequence UInt64 CODEC(Delta, ZSTD),
    request_id String CODEC(ZSTD),
    trace_id String CODEC(ZSTD),
    decision_id String CODEC(ZSTD),
    started DateTime64(9, 'UTC') CODEC(Delta, ZSTD),
    duration_ns Int64 CODEC(T64, ZSTD),
    first_byte_ns Int64 CODEC(T64, ZSTD),
    first_token_ns Int64 CODEC(T64, ZSTD),
    gateway LowCardinality(String),
    revision Int64 CODEC(Delta, ZSTD),
    tenant LowCardinality(String),
    team LowCardinality(String),
    application LowCardinality(String),
    credential LowCardinality(String),
    identity_method LowCardinality(String),
    route LowCardinality(String),
    api LowCardinality(String),
    operation LowCardinality(String),
    method LowCardinality(String),
    model_requested LowCardinality(String),
    model LowCardinality(String),
    version LowCardinality(String),
    target LowCardinality(String),
    provider LowCardinality(String),
    stream Bool,
    outcome LowCardinality(String),
    status Int32,
    error_code LowCardinality(String),
    error_origin LowCardinality(String),
    attempts Array(Tuple(target String, endpoint String, status Int32, reason String, latency_ns Int64, cost Int64,
        {_ATTEMPT_USAGE})) CODEC(ZSTD),
    {_USAGE_COLUMNS},
    is_estimated Bool,
    price_version LowCardinality(String),
    charged Int64 CODEC(T64, ZSTD),
    incurred Int64 CODEC(T64, ZSTD),
    limits Array(String) CODEC(ZSTD),
    verdicts Array(Tuple(kind String, rule String, action String)) CODEC(ZSTD),
    candidates Array(Tuple(target String, removed_by String, score Float64)) CODEC(ZSTD),
    bytes_in Int64 CODEC(T64, ZSTD),
    bytes_out Int64 CODEC(T64, ZSTD),
    client_ip String CODEC(ZSTD),
    api_version LowCardinality(String),
    stored DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD)
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(started)
PRIMARY KEY (tenant, application, started)
ORDER BY (tenant, application, started, gateway, node, worker, incarnation, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

USAGE_HOURLY = f"""
CREATE TABLE IF NOT EXISTS {{database}}.usage_hourly (
    hour DateTime('UTC'),
    {", ".join(f"{name} {'Int32' if name == 'status' else 'LowCardinality(String)'}" for name in GROUPS)},
    calls Int64,
    {", ".join(f"{name} Int64" for name in USAGE)},
    charged Int64,
    incurred Int64,
    bytes_in Int64,
    bytes_out Int64,
    duration_ns Int64,
    durations AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Int64),
    first_bytes AggregateFunction(quantilesTDigest(0.5, 0.95, 0.99), Int64),
    rolled DateTime64(6, 'UTC')
) ENGINE = ReplacingMergeTree(rolled)
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, application, hour, {", ".join(n for n in GROUPS if n not in ("tenant", "application"))})
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

FOLDED_SUMS = f"""
CREATE TABLE IF NOT EXISTS {{database}}.folded_sums (
    gateway LowCardinality(String),
    node LowCardinality(String),
    source String,
    hour DateTime('UTC'),
    tenant LowCardinality(String),
    application LowCardinality(String),
    model LowCardinality(String),
    version LowCardinality(String),
    calls Int64,
    {", ".join(f"{name} Int64" for name in USAGE)},
    charged Int64,
    incurred Int64,
    stored DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (tenant, application, hour, model, version, gateway, node, source)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""

# What ledgers are made of: every call is in it once, with its detail or without.
LEDGER_HOURLY = f"""
CREATE VIEW IF NOT EXISTS {{database}}.ledger_hourly AS
SELECT hour, gateway, tenant, application, model, version, calls, {_USAGE_NAMES}, charged, incurred
FROM {{database}}.usage_hourly FINAL
UNION ALL
SELECT hour, gateway, tenant, application, model, version, calls, {_USAGE_NAMES}, charged, incurred
FROM {{database}}.folded_sums FINAL
"""

PROBES = """
CREATE TABLE IF NOT EXISTS {database}.probes (at DateTime64(3, 'UTC')) ENGINE = ReplacingMergeTree ORDER BY tuple()
SETTINGS fsync_after_insert = 1
"""

VERSIONS = """
CREATE TABLE IF NOT EXISTS {database}.schema_versions (version UInt32, applied DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY version
"""

# Costs may be unknown, which is not 0. Until then nothing had a price: each 0 that is there means unknown.
COSTS_MAY_BE_UNKNOWN = (
    "ALTER TABLE {database}.call_records MODIFY COLUMN charged Nullable(Int64) CODEC(ZSTD)",
    "ALTER TABLE {database}.call_records MODIFY COLUMN incurred Nullable(Int64) CODEC(ZSTD)",
    f"""
ALTER TABLE {{database}}.call_records MODIFY COLUMN attempts Array(Tuple(target String, endpoint String, status Int32,
    reason String, latency_ns Int64, cost Nullable(Int64), {_ATTEMPT_USAGE})) CODEC(ZSTD)
""",
    """
ALTER TABLE {database}.call_records UPDATE charged = NULL, incurred = NULL WHERE price_version = '' AND charged = 0
""",
)
DROPPED = "ALTER TABLE {database}.call_records ADD COLUMN IF NOT EXISTS dropped Array(String) CODEC(ZSTD)"
# Calls that used tokens and whose cost is not known: by so many, sums of costs are too small.
UNPRICED = tuple(
    f"ALTER TABLE {{database}}.{table} ADD COLUMN IF NOT EXISTS unpriced Int64 AFTER incurred"
    for table in ("usage_hourly", "folded_sums")
)
LEDGER_WITH_UNPRICED = LEDGER_HOURLY.replace("CREATE VIEW IF NOT EXISTS", "CREATE OR REPLACE VIEW").replace(
    "charged, incurred\n", "charged, incurred, unpriced\n"
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (CALL_RECORDS, USAGE_HOURLY, FOLDED_SUMS, LEDGER_HOURLY, PROBES),
    (*COSTS_MAY_BE_UNKNOWN, DROPPED, *UNPRICED, LEDGER_WITH_UNPRICED),
)
