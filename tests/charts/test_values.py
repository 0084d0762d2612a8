"""Every value does something: another one changes what is rendered, in some release or other."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.charts import cases
from tests.charts.chart import CHART, Refused, manifests_of

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

# Parts that are off by default are on in one of these.
WORLDS = [{}, cases.SEEDED, cases.EDGE, cases.SCRAPED, cases.CERT_MANAGER, cases.OWN_AUTHORITY, cases.PROVIDED]
# Another value than what stands there, where adding to it is not enough.
OTHERS: dict[str, list[Any]] = {
    "affinity": [{"nodeAffinity": {}}],
    "caCertificateRefs": [[{"group": "", "kind": "ConfigMap", "name": "other"}]],
    "certificateSecrets": [["other-tls"]],
    "className": ["other"],
    "digest": ["sha256:" + "b" * 64],
    "disabled": [["IsthmusBackupOld"]],
    "dns.to": [[{"ipBlock": {"cidr": "10.1.0.0/16"}}]],
    "duration": ["1000h"],
    "egress": [[{"ports": [{"port": 9443, "protocol": "TCP"}]}]],
    "endpoints": [["https://other:2379"]],
    "etcdIssuerRef": [{"name": "other", "kind": "Issuer"}],
    "existingClaim": ["other"],
    "externalTrafficPolicy": ["Local"],
    "extraArgs": [["--other"]],
    "extraConfig": [{"log-level": "error"}],
    "extraEnv": [[{"name": "OTHER", "value": "1"}]],
    "extraHosts": [["other.example.org"]],
    "extraVolumeMounts": [[{"name": "other", "mountPath": "/other"}]],
    "extraVolumes": [[{"name": "other", "emptyDir": {}}]],
    "hostname": ["other.example.org"],
    "hostnames": [["other.example.org"]],
    "hosts": [[{"host": "other.example.org"}]],
    "imagePullSecrets": [[{"name": "other"}]],
    "interval": ["60s"],
    "issuerRef": [{"name": "other", "kind": "Issuer"}],
    "limits": [{"memory": "7Gi"}],
    "metricRelabelings": [[{"action": "labeldrop", "regex": "other"}]],
    "mode": ["StatefulSet", "External", "ExistingSecret", "CertManager"],
    "nodeSelector": [{"other": "label"}],
    "parentRefs": [[{"name": "other"}]],
    "policies": [[{"type": "Pods", "value": 7, "periodSeconds": 70}]],
    "ports": [[5353]],
    "pullPolicy": ["Never"],
    "relabelings": [[{"action": "labeldrop", "regex": "other"}]],
    "renewBefore": ["100h"],
    "replicas": [3, 5, 1],
    "requests": [{"cpu": "7", "memory": "7Gi"}],
    "resources": [[{"apiVersion": "isthmus.dev/v1", "kind": "Tenant", "metadata": {"name": "other"}, "spec": {}}]],
    "schedule": ["1 1 * * *"],
    "scrapeTimeout": ["5s"],
    "selectPolicy": ["Min"],
    "size": ["77Gi"],
    "store": ["ClickHouse"],
    "tls": [[{"secretName": "other", "hosts": ["other.example.org"]}]],
    "tolerations": [[{"key": "other", "operator": "Exists"}]],
    "topologySpreadConstraints": [[{"maxSkew": 3, "topologyKey": "other", "whenUnsatisfiable": "ScheduleAnyway"}]],
    "trusted": [["10.9.0.0/16"]],
    "type": ["NodePort"],
    "url": ["https://other.example:8443"],
}
PEERS = {"trafficFrom", "adminFrom", "metricsFrom", "etcdTo", "clickhouseTo", "to"}
MAPS = {"annotations", "labels", "podAnnotations", "podLabels", "alertLabels"}
ISSUED_BY_HAND = {
    each: f"{each.lower()}-tls" for each in ("controlPlane", "dataPlane", "collector", "etcd", "etcdClient")
}
BY_HAND = {"certificates": {"mode": "ExistingSecret", "existing": ISSUED_BY_HAND}, "collector": {"enabled": True}}
CLICKHOUSE = {"url": "https://clickhouse.example:8443", "existingSecret": "clickhouse"}
# What a value needs beside it.
BESIDE: dict[str, dict[str, Any]] = {
    "certificates.generated.renewBeforeDays": {"certificates": {"generated": {"certificateDays": 300}}},
    "dataPlane.listeners.http.proxyProtocol.enabled": {
        "dataPlane": {"listeners": {"http": {"proxyProtocol": {"trusted": ["10.0.0.0/8"]}}}}
    },
    "dataPlane.listeners.https.proxyProtocol.enabled": {
        "dataPlane": {"listeners": {"https": {"enabled": True, "proxyProtocol": {"trusted": ["10.0.0.0/8"]}}}}
    },
    "dataPlane.listeners.https.proxyProtocol.trusted": {
        "dataPlane": {
            "listeners": {"https": {"enabled": True, "proxyProtocol": {"enabled": True, "trusted": ["10.0.0.0/8"]}}}
        }
    },
    "dataPlane.service.externalTrafficPolicy": {"dataPlane": {"service": {"type": "LoadBalancer"}}},
    "dataPlane.bootstrapSnapshot.file": {"dataPlane": {"bootstrapSnapshot": {"existingSecret": "some"}}},
    "certificates.mode": {"certificates": {"existing": ISSUED_BY_HAND}},
    "certificates.existing.collector": BY_HAND,
    "certificates.existing.etcd": BY_HAND,
    "certificates.existing.etcdClient": BY_HAND,
    "collector.store": {"collector": {"enabled": True, "clickhouse": CLICKHOUSE}},
    "networkPolicy.etcdTo": {"etcd": {"endpoints": ["https://etcd:2379"]}},
    "serviceAccount.name": {"serviceAccount": {"create": True}},
}
# They change nothing but what is refused, which other tests show.
ONLY_REFUSE = {"etcd.mode", "redis.mode"}


def leaves(values: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(values, dict) and values and path[-1:] not in {("requests",), ("limits",), ("labels",)}:
        for name, each in values.items():
            yield from leaves(each, (*path, name))
    else:
        yield path, values


def others(path: tuple[str, ...], value: Any) -> list[Any]:
    name = path[-1]
    if name in PEERS:
        return [[{"ipBlock": {"cidr": "10.9.0.0/16"}}]]
    if name in MAPS:
        return [{"other": "label"}]
    if name in OTHERS:
        return OTHERS[name]
    if isinstance(value, bool):
        return [not value, value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, float):
        return [value / 2]
    return [f"{value}x", "1s", "other"]


def changed(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    values = copy.deepcopy(values)
    node = values
    for name in path[:-1]:
        node = node.setdefault(name, {})
    node[path[-1]] = value
    return values


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for name, value in other.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def is_used(path: tuple[str, ...], value: Any) -> bool:
    beside = BESIDE.get(".".join(path), {})
    for world in [merged(each, beside) for each in WORLDS]:
        for other in others(path, value):
            try:
                before, after = manifests_of(world), manifests_of(changed(world, path, other))
            except Refused:
                continue
            if json.dumps(before) != json.dumps(after):
                return True
    return False


SECTIONS = sorted(yaml.safe_load((CHART / "values.yaml").read_text()))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_value_changes_what_is_rendered(section: str) -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    unused = [
        ".".join(path)
        for path, value in leaves({section: values[section]})
        if ".".join(path) not in ONLY_REFUSE and not is_used(path, value)
    ]
    assert unused == []
