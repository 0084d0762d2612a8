"""Values that the chart must accept, from the fewest to all, and what the rendered goldens use."""

from typing import Any

ETCD = {"endpoints": ["https://etcd-0.etcd:2379", "https://etcd-1.etcd:2379"]}

OWN_ETCD: dict[str, Any] = {}  # no values at all: the release runs an etcd of its own

# Nothing in it is generated, so it renders to the same bytes each time.
PROVIDED: dict[str, Any] = {
    "etcd": {
        **ETCD,
        "tls": {"existingSecret": "etcd-tls", "clientCertificate": True},
        "auth": {"existingSecret": "etcd-user"},
    },
    "secrets": {
        "masterKey": {"existingSecret": "kept", "key": "master"},
        "bootstrapToken": {"existingSecret": "kept", "key": "token"},
        "lastGoodKey": {"existingSecret": "kept", "key": "last-good"},
    },
    "certificates": {"mode": "ExistingSecret", "existing": {"controlPlane": "cp-tls", "dataPlane": "dp-tls"}},
}

CERT_MANAGER: dict[str, Any] = {
    "etcd": ETCD,
    "certificates": {
        "mode": "CertManager",
        "trustDomain": "example.org",
        "extraHosts": ["isthmus.example.org"],
        "certManager": {"issuerRef": {"name": "private", "kind": "ClusterIssuer"}},
    },
}

PLACED = {
    "resources": {},
    "podAnnotations": {"example.org/team": "platform"},
    "podLabels": {"team": "platform"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "gateway", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"nodeAffinity": {}},
    "topologySpreadConstraints": [
        {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
    ],
    "priorityClassName": "system-cluster-critical",
    "extraEnv": [{"name": "GRPC_VERBOSITY", "value": "ERROR"}],
}

EVERYTHING: dict[str, Any] = {
    "nameOverride": "gw",
    "image": {"repository": "registry.example.org/isthmus", "digest": "sha256:" + "a" * 64, "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "registry"}],
    "gateway": "edge.eu",
    "etcd": {**ETCD, "tls": {"existingSecret": "etcd-ca"}},
    "controlPlane": {
        **PLACED,
        "replicas": 3,
        "service": {"type": "LoadBalancer", "port": 443, "annotations": {"example.org/internal": "true"}},
        "podDisruptionBudget": {"maxUnavailable": "50%"},
    },
    "dataPlane": {
        **PLACED,
        "workers": 4,
        "drainSeconds": 600,
        "service": {"type": "LoadBalancer", "port": 80, "externalTrafficPolicy": "Local"},
        "autoscaling": {"enabled": True, "minReplicas": 3, "maxReplicas": 30},
    },
    "serviceAccount": {"create": True, "name": "isthmus", "annotations": {"example.org/role": "isthmus"}},
    "networkPolicy": {
        "trafficFrom": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
        "adminFrom": [{"podSelector": {"matchLabels": {"app": "deployer"}}}],
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}],
    },
}

SEEDED: dict[str, Any] = {
    "collector": {"enabled": True, "extraArgs": ["--verbose"]},
    "seed": {
        "enabled": True,
        "resources": [{"apiVersion": "isthmus.dev/v1", "kind": "Team", "metadata": {"name": "red"}, "spec": {}}],
        "existingConfigMap": "more",
        "existingSecret": "keys",
        "atomic": False,
    },
    "backup": {"enabled": True, "storage": {"className": "fast"}},
    "jobs": {"adminToken": {"existingSecret": "admin"}, "podLabels": {"team": "platform"}},
    "dataPlane": {
        "listeners": {
            "http": {"proxyProtocol": {"enabled": True, "trusted": ["10.0.0.0/8", "fd00::/8"]}},
            "https": {"enabled": True, "certificateSecrets": ["edge-tls", "other-tls"]},
        },
        "bootstrapSnapshot": {"existingClaim": "snapshots", "file": "default.snapshot"},
    },
}

OWN_AUTHORITY: dict[str, Any] = {
    "certificates": CERT_MANAGER["certificates"],
    "etcd": {
        "statefulSet": {
            "replicas": 5,
            "storage": {"size": "20Gi", "className": "fast"},
            "extraConfig": {"log-level": "warn"},
            "affinity": {"nodeAffinity": {}},
        }
    },
    "collector": {
        "enabled": True,
        "store": "ClickHouse",
        "clickhouse": {"url": "https://clickhouse.example:8443", "existingSecret": "clickhouse"},
    },
    "backup": {"enabled": True, "snapshot": False, "storage": {"existingClaim": "backups"}},
    "dataPlane": {"bootstrapSnapshot": {"url": "https://snapshots.example/default"}},
}

# What leads traffic in, and what watches, all at once.
EDGE: dict[str, Any] = {
    "ingress": {
        "enabled": True,
        "className": "nginx",
        "annotations": {"nginx.ingress.kubernetes.io/proxy-buffering": "off"},
        "hosts": [
            {"host": "ai.example.org"},
            {"host": "b.example.org", "paths": [{"path": "/v1", "pathType": "Prefix"}]},
        ],
        "tls": [{"secretName": "ai-tls", "hosts": ["ai.example.org"]}],
        "admin": {"enabled": True, "hosts": [{"host": "admin.example.org"}]},
    },
    "httpRoute": {
        "enabled": True,
        "parentRefs": [{"name": "edge", "namespace": "gateways", "sectionName": "https"}],
        "hostnames": ["ai.example.org"],
        "admin": {
            "enabled": True,
            "parentRefs": [{"name": "edge"}],
            "backendTLS": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "isthmus-ca"}]},
        },
    },
    "dataPlane": {"autoscaling": {"enabled": True, "inFlight": {"enabled": True}}},
    "collector": {"enabled": True},
    "backup": {"enabled": True},
    "monitoring": {
        "serviceMonitors": {
            "enabled": True,
            "labels": {"prometheus": "main"},
            "relabelings": [{"action": "labeldrop", "regex": "pod_template_hash"}],
        },
        "rules": {"enabled": True, "disabled": ["IsthmusBackupMissing"], "alertLabels": {"team": "platform"}},
        "dashboards": {"enabled": True, "annotations": {"grafana_folder": "Isthmus"}},
    },
}

SCRAPED: dict[str, Any] = {
    "monitoring": {"podMonitors": {"enabled": True}, "scrapeAnnotations": True},
    "collector": {"enabled": True},
}

WITHOUT: dict[str, Any] = {
    "fullnameOverride": "gw",
    "etcd": {"endpoints": ["http://127.0.0.1:2379"]},
    "controlPlane": {"podDisruptionBudget": {"enabled": False}},
    "dataPlane": {"podDisruptionBudget": {"enabled": False}},
    "serviceAccount": {"create": False},
    "networkPolicy": {"enabled": False},
}

ACCEPTED: dict[str, dict[str, Any]] = {
    "no values": OWN_ETCD,
    "fewest values": {"etcd": ETCD},
    "all Secrets provided": PROVIDED,
    "cert-manager": CERT_MANAGER,
    "everything": EVERYTHING,
    "without what is optional": WITHOUT,
    "seeded, with backups and TLS": SEEDED,
    "own etcd by cert-manager": OWN_AUTHORITY,
    "led in and watched": EDGE,
    "scraped pod by pod": SCRAPED,
}

# What `make golden` renders to tests/golden/charts/<name>.yaml.
GOLDENS: dict[str, dict[str, Any]] = {"provided": PROVIDED, "cert-manager": {**PROVIDED, **CERT_MANAGER}}
