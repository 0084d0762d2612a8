"""Schemas of kinds that are not Kubernetes's own: only the fields that the chart may use, and no others.

Written for these tests after the API references of cert-manager, Gateway API and the Prometheus operator (v1 each);
nothing is copied from the projects' own definitions.
"""

from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string", "minLength": 1}
TEXTS: Json = {"type": "array", "items": TEXT, "minItems": 1}
MAP: Json = {"type": "object", "additionalProperties": {"type": "string"}}
PORT: Json = {"type": "integer", "minimum": 1, "maximum": 65535}
GO_DURATION: Json = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))+$"}
GATEWAY_DURATION: Json = {"type": "string", "pattern": r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"}
PROMETHEUS_DURATION: Json = {"type": "string", "pattern": r"^([0-9]+(y|w|d|h|m|s|ms))+$"}


def closed(required: list[str], **properties: Json) -> Json:
    """An object with these fields and no others."""
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def several(items: Json) -> Json:
    return {"type": "array", "items": items, "minItems": 1}


def kind(spec: Json) -> Json:
    metadata = closed(["name", "labels"], name=TEXT, namespace=TEXT, labels=MAP, annotations=MAP)
    return closed(["apiVersion", "kind", "metadata", "spec"], apiVersion=TEXT, kind=TEXT, metadata=metadata, spec=spec)


ISSUER = closed(["name"], name=TEXT, kind={"enum": ["Issuer", "ClusterIssuer"]}, group=TEXT)
USAGES: Json = {"enum": ["server auth", "client auth", "digital signature", "key encipherment", "cert sign"]}
CERTIFICATE = closed(
    ["secretName", "issuerRef"],
    secretName=TEXT,
    isCA={"type": "boolean"},
    commonName={"type": "string", "maxLength": 64},
    duration=GO_DURATION,
    renewBefore=GO_DURATION,
    privateKey=closed(
        ["algorithm"],
        algorithm={"enum": ["RSA", "ECDSA", "Ed25519"]},
        size={"enum": [256, 384, 521, 2048, 4096]},
        rotationPolicy={"enum": ["Never", "Always"]},
    ),
    usages=several(USAGES),
    dnsNames=TEXTS,
    uris=TEXTS,
    issuerRef=ISSUER,
)
MATCHES = several(closed(["path"], path=closed(["type", "value"], type={"enum": ["PathPrefix", "Exact"]}, value=TEXT)))
ROUTE = closed(
    ["parentRefs", "rules"],
    parentRefs=several(
        closed(["name"], name=TEXT, namespace=TEXT, sectionName=TEXT, group={"type": "string"}, kind=TEXT, port=PORT)
    ),
    hostnames=TEXTS,
    rules=several(
        closed(
            ["backendRefs"],
            matches=MATCHES,
            timeouts=closed([], request=GATEWAY_DURATION, backendRequest=GATEWAY_DURATION),
            backendRefs=several(closed(["name", "port"], name=TEXT, port=PORT)),
        )
    ),
)
REFERENCE = closed(
    ["group", "kind", "name"],
    group={"type": "string"},
    kind={"enum": ["ConfigMap", "Secret", "Service"]},
    name=TEXT,
    sectionName=TEXT,
)
BACKEND_TLS = closed(
    ["targetRefs", "validation"],
    targetRefs=several(REFERENCE),
    validation=closed(["hostname", "caCertificateRefs"], hostname=TEXT, caCertificateRefs=several(REFERENCE)),
)
SELECTOR = closed(["matchLabels"], matchLabels=MAP)
RELABELINGS = several(
    closed(
        [],
        action=TEXT,
        sourceLabels=TEXTS,
        targetLabel=TEXT,
        regex=TEXT,
        replacement={"type": "string"},
        separator={"type": "string"},
    )
)
ENDPOINT = closed(
    ["port", "path", "interval", "scrapeTimeout"],
    port=TEXT,
    path=TEXT,
    interval=PROMETHEUS_DURATION,
    scrapeTimeout=PROMETHEUS_DURATION,
    relabelings=RELABELINGS,
    metricRelabelings=RELABELINGS,
)
RECORD = closed(["record", "expr"], record=TEXT, expr=TEXT, labels=MAP)
ALERT = closed(["alert", "expr"], alert=TEXT, expr=TEXT, labels=MAP, annotations=MAP, **{"for": PROMETHEUS_DURATION})
RULES = closed(
    ["groups"],
    groups=several(
        closed(["name", "rules"], name=TEXT, interval=PROMETHEUS_DURATION, rules=several({"oneOf": [RECORD, ALERT]}))
    ),
)
CUSTOM_KINDS: dict[tuple[str, str], Json] = {
    ("cert-manager.io/v1", "Certificate"): kind(CERTIFICATE),
    ("cert-manager.io/v1", "Issuer"): kind(
        closed([], selfSigned=closed([]), ca=closed(["secretName"], secretName=TEXT))
    ),
    ("gateway.networking.k8s.io/v1", "BackendTLSPolicy"): kind(BACKEND_TLS),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): kind(ROUTE),
    ("monitoring.coreos.com/v1", "PodMonitor"): kind(
        closed(["selector", "podMetricsEndpoints"], selector=SELECTOR, podMetricsEndpoints=several(ENDPOINT))
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): kind(
        closed(["selector", "endpoints"], selector=SELECTOR, endpoints=several(ENDPOINT))
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): kind(RULES),
}
