"""Pods of a release reach what they need and nothing else: the rendered NetworkPolicies, evaluated pod by pod."""

import itertools
from pathlib import Path
from typing import Any

import pytest

from tests.charts.chart import NAMESPACE, Manifest, render, values_file
from tests.charts.network_policy import Endpoint, is_allowed

PORTS: dict[str, dict[str, int]] = {
    "data-plane": {"traffic": 8080, "traffic-tls": 8443, "metrics": 9090},
    "control-plane": {"admin": 8443, "discovery": 8444, "health": 8081},
    "etcd": {"client": 2379, "peer": 2380, "metrics": 2381},
    "collector": {"records": 8446, "health": 8081},
    "keys": {},
    "renewal": {},
    "seed": {},
    "backup": {},
    "test": {},
}
ALL: dict[str, Any] = {
    "collector": {"enabled": True, "service": {"port": 8446}},
    "dataPlane": {"listeners": {"https": {"enabled": True}}},
}


def pod(component: str, release: str = "edge") -> Endpoint:
    labels = {"name": "isthmus", "instance": release, "component": component}
    return Endpoint(
        component,
        {f"app.kubernetes.io/{key}": value for key, value in labels.items()},
        NAMESPACE,
        {"kubernetes.io/metadata.name": NAMESPACE},
        PORTS[component],
        address="10.1.0.1",
    )


def stranger(name: str, namespace: str) -> Endpoint:
    labels = {"kubernetes.io/metadata.name": namespace}
    return Endpoint(name, {"app": name}, namespace, labels, {"dns": 53}, address="10.1.0.2")


def outside(name: str, address: str) -> Endpoint:
    return Endpoint(name, address=address)


PODS = {component: pod(component) for component in PORTS}
NEIGHBOUR = stranger("neighbour", NAMESPACE)
CLIENT = stranger("client", "shop")
PROMETHEUS = stranger("prometheus", "monitoring")
RESOLVER = stranger("coredns", "kube-system")
INTERNET = outside("internet", "203.0.113.7")
METADATA = [
    outside("cloud", "169.254.169.254"),
    outside("containers", "169.254.170.2"),
    outside("alibaba", "100.100.100.200"),
    outside("azure", "168.63.129.16"),
    outside("oracle", "192.0.0.192"),
    outside("cloud, IPv6", "fd00:ec2::254"),
]

# Who may connect to which port of whom inside the release. All else is refused.
NEEDED = {
    ("data-plane", "control-plane", 8444),
    ("data-plane", "collector", 8446),
    ("control-plane", "etcd", 2379),
    ("etcd", "etcd", 2379),
    ("etcd", "etcd", 2380),
    ("seed", "control-plane", 8443),
    ("backup", "control-plane", 8443),
    ("test", "control-plane", 8443),
    ("test", "control-plane", 8081),
    ("test", "data-plane", 8080),
    ("test", "data-plane", 8443),
    ("test", "data-plane", 9090),
}


def policies_of(folder: Path, values: dict[str, Any]) -> list[Manifest]:
    manifests = render("helm3", values_file(folder, values))
    return [each for each in manifests if each["kind"] == "NetworkPolicy"]


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> list[Manifest]:
    return policies_of(tmp_path_factory.mktemp("policies"), ALL)


def test_parts_reach_each_other_only_where_they_must(policies: list[Manifest]) -> None:
    reached = {
        (source, target, port)
        for source, target in itertools.product(PODS, PODS)
        for port in (*PORTS[target].values(), 22, 443)
        if is_allowed(policies, PODS[source], PODS[target], port)
    }
    # Model servers may be anywhere, so replicas may go to any address at 443; nothing of the release listens there.
    assert {each for each in reached if each[2] != 443} == NEEDED
    # To the API of Kubernetes, wherever it is: for Jobs that keep Secrets.
    assert {source for source, _, port in reached if port == 443} <= {"data-plane", "keys", "renewal"}


def test_nothing_of_the_release_listens_where_replicas_may_go_freely() -> None:
    assert 443 not in {port for ports in PORTS.values() for port in ports.values()}


@pytest.mark.parametrize("component", PORTS)
def test_every_pod_may_look_up_names_at_the_cluster_s_resolvers_only(component: str, policies: list[Manifest]) -> None:
    source = PODS[component]
    cache = outside("cache on the node", "169.254.20.10")
    for target, kind in itertools.product((RESOLVER, cache), ("UDP", "TCP")):
        assert is_allowed(policies, source, target, 53, kind)
    assert not is_allowed(policies, source, INTERNET, 53, "UDP")
    assert not is_allowed(policies, source, NEIGHBOUR, 53, "UDP")


def test_only_replicas_reach_the_internet_at_https_and_nobody_where_clouds_keep_credentials(
    policies: list[Manifest],
) -> None:
    for component, source in PODS.items():
        may_go_out = component in ("data-plane", "keys", "renewal")
        assert is_allowed(policies, source, INTERNET, 443) is may_go_out
        assert not is_allowed(policies, source, INTERNET, 80)
        if component != "data-plane":
            continue
        for address, port in itertools.product(METADATA, (80, 443, 8080)):
            assert not is_allowed(policies, source, address, port), address


def test_only_jobs_that_keep_secrets_reach_the_kubernetes_api(policies: list[Manifest]) -> None:
    api = outside("kubernetes", "10.0.0.1")
    reaching = {component for component, source in PODS.items() if is_allowed(policies, source, api, 6443)}
    assert reaching == {"keys", "renewal"}


def test_clients_reach_traffic_and_prometheus_metrics_and_neighbours_the_admin_api(policies: list[Manifest]) -> None:
    def reached(source: Endpoint) -> set[tuple[str, int]]:
        return {
            (target, port)
            for target in PODS
            for port in (*PORTS[target].values(), 22)
            if is_allowed(policies, source, PODS[target], port)
        }

    traffic = {("data-plane", 8080), ("data-plane", 8443)}
    metrics = {("data-plane", 9090), ("control-plane", 8081), ("etcd", 2381), ("collector", 8081)}
    assert reached(INTERNET) == traffic
    assert reached(CLIENT) == reached(PROMETHEUS) == traffic | metrics
    assert reached(NEIGHBOUR) == traffic | metrics | {("control-plane", 8443)}
    assert reached(pod("data-plane", release="another")) == reached(NEIGHBOUR)


def test_values_narrow_who_may_come_in_and_replace_where_replicas_may_go(tmp_path: Path) -> None:
    peer = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    models = {"ports": [{"port": 8000, "protocol": "TCP"}], "to": [{"ipBlock": {"cidr": "203.0.113.0/24"}}]}
    narrow = {"trafficFrom": [peer], "metricsFrom": [peer], "adminFrom": [peer], "egress": [models]}
    policies = policies_of(tmp_path, {**ALL, "networkPolicy": narrow})
    replica, control_plane = PODS["data-plane"], PODS["control-plane"]
    for target, port in ((replica, 8080), (replica, 9090), (control_plane, 8443), (control_plane, 8081)):
        assert is_allowed(policies, PROMETHEUS, target, port)
        assert not is_allowed(policies, CLIENT, target, port)
        assert is_allowed(policies, PODS["test"], target, port)
    assert is_allowed(policies, PODS["seed"], control_plane, 8443)
    assert is_allowed(policies, replica, INTERNET, 8000)
    assert not is_allowed(policies, replica, INTERNET, 443)


@pytest.mark.parametrize(
    ("values", "source", "target", "port"),
    [
        ({"etcd": {"endpoints": ["https://etcd.example:12379"]}}, "control-plane", "203.0.113.7", 12379),
        (
            {
                "etcd": {"endpoints": ["https://etcd.example:12379"]},
                "networkPolicy": {"etcdTo": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]},
            },
            "control-plane",
            "10.9.1.1",
            12379,
        ),
        (
            {
                "collector": {
                    "enabled": True,
                    "store": "ClickHouse",
                    "clickhouse": {"url": "https://clickhouse.example:18443", "existingSecret": "clickhouse"},
                }
            },
            "collector",
            "203.0.113.7",
            18443,
        ),
    ],
    ids=["external etcd", "external etcd in a network", "ClickHouse"],
)
def test_external_stores_are_reached_at_their_port_only(
    values: dict[str, Any], source: str, target: str, port: int, tmp_path: Path
) -> None:
    policies = policies_of(tmp_path, values)
    assert is_allowed(policies, PODS[source], outside("store", target), port)
    assert not is_allowed(policies, PODS[source], outside("store", target), port + 1)
    if "networkPolicy" in values:
        assert not is_allowed(policies, PODS[source], INTERNET, port)


def test_the_ports_of_the_policies_are_those_of_the_pods(tmp_path: Path) -> None:
    manifests = render("helm3", values_file(tmp_path, ALL))
    for workload in (each for each in manifests if each["kind"] in ("Deployment", "StatefulSet")):
        template = workload["spec"]["template"]
        component = template["metadata"]["labels"]["app.kubernetes.io/component"]
        ports = {p["name"]: p["containerPort"] for c in template["spec"]["containers"] for p in c.get("ports", ())}
        assert ports == PORTS[component]


def test_every_pod_of_the_release_is_under_the_default_that_denies(policies: list[Manifest], tmp_path: Path) -> None:
    enabled: dict[str, Any] = {
        **ALL,
        "seed": {
            "enabled": True,
            "resources": [{"apiVersion": "isthmus.dev/v1", "kind": "Team", "metadata": {"name": "a"}}],
        },
        "backup": {"enabled": True},
    }
    seen = set()
    for each in render("helm3", values_file(tmp_path, enabled)):
        metadata = pod_metadata(each)
        if metadata is not None:
            component = metadata["labels"]["app.kubernetes.io/component"]
            assert PODS[component].labels.items() <= metadata["labels"].items()
            seen.add(component)
    assert {"data-plane", "control-plane", "etcd", "collector", "keys", "renewal", "seed"} <= seen


def pod_metadata(manifest: Manifest) -> dict[str, Any] | None:
    """Of the pods that a manifest is, or makes."""
    spec = manifest.get("spec", {})
    if manifest["kind"] == "Pod":
        metadata = manifest["metadata"]
    elif manifest["kind"] == "CronJob":
        metadata = spec["jobTemplate"]["spec"]["template"]["metadata"]
    elif manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
        metadata = spec["template"]["metadata"]
    else:
        return None
    assert isinstance(metadata, dict)
    return metadata
