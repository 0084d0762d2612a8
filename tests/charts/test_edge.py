"""Traffic and the admin API are led in, replicas scale by what they carry, and every part is scraped."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.charts.chart import CHART, Manifest, Refused, find, render, values_file

HELMS = ["helm3", "helm4"]
ROUTED = {"parentRefs": [{"name": "edge", "namespace": "infrastructure", "sectionName": "https"}]}
AUTHORITY = [{"group": "", "kind": "ConfigMap", "name": "isthmus-ca"}]


def rendered(folder: Path, values: dict[str, Any], version: str = "helm3") -> list[Manifest]:
    return render(version, values_file(folder, values))


def of_kind(manifests: list[Manifest], kind: str) -> dict[str, Manifest]:
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def test_nothing_leads_in_and_nothing_is_monitored_unless_asked_for(tmp_path: Path) -> None:
    kinds = {each["kind"] for each in rendered(tmp_path, {})}
    extra = {"Ingress", "HTTPRoute", "BackendTLSPolicy", "PodMonitor", "ServiceMonitor", "PrometheusRule"}
    assert not kinds & (extra | {"HorizontalPodAutoscaler"})


@pytest.mark.parametrize("version", HELMS)
def test_an_ingress_leads_to_ports_that_the_services_have(version: str, tmp_path: Path) -> None:
    ingress = {
        "enabled": True,
        "className": "nginx",
        "annotations": {"nginx.ingress.kubernetes.io/proxy-buffering": "off"},
        "hosts": [{"host": "ai.example.org"}, {"host": "api.example.org", "paths": [{"path": "/v1"}]}],
        "tls": [{"secretName": "ai-tls", "hosts": ["ai.example.org"]}],
        "admin": {"enabled": True, "hosts": [{"host": "admin.example.org"}]},
    }
    manifests = rendered(tmp_path, {"ingress": ingress}, version)
    made = of_kind(manifests, "Ingress")
    assert set(made) == {"edge-isthmus-data-plane", "edge-isthmus-control-plane"}
    for name, each in made.items():
        kubernetes_validate.validate(each, "1.33.0", strict=True)
        ports = {port["name"] for port in find(manifests, "Service", name)["spec"]["ports"]}
        for rule in each["spec"]["rules"]:
            for path in rule["http"]["paths"]:
                assert path["backend"]["service"]["name"] == name
                assert path["backend"]["service"]["port"]["name"] in ports
    traffic = made["edge-isthmus-data-plane"]
    assert traffic["spec"]["ingressClassName"] == "nginx"
    assert [rule["host"] for rule in traffic["spec"]["rules"]] == ["ai.example.org", "api.example.org"]
    assert [rule["http"]["paths"][0]["path"] for rule in traffic["spec"]["rules"]] == ["/", "/v1"]
    assert "annotations" not in made["edge-isthmus-control-plane"]["metadata"]


def test_where_replicas_speak_only_tls_they_are_led_to_by_it(tmp_path: Path) -> None:
    listeners = {"http": {"enabled": False}, "https": {"enabled": True, "certificateSecrets": ["ai-tls"]}}
    edge = {"ingress": {"enabled": True, "hosts": [{"host": "a.example"}]}, "httpRoute": {"enabled": True, **ROUTED}}
    manifests = rendered(tmp_path, {**edge, "dataPlane": {"listeners": listeners}})
    (path,) = find(manifests, "Ingress", "edge-isthmus-data-plane")["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["port"] == {"name": "https"}
    (rule,) = find(manifests, "HTTPRoute", "edge-isthmus-data-plane")["spec"]["rules"]
    assert rule["backendRefs"] == [{"name": "edge-isthmus-data-plane", "port": 443}]


@pytest.mark.parametrize("version", HELMS)
def test_a_route_of_the_gateway_api_leads_to_ports_that_the_services_have(version: str, tmp_path: Path) -> None:
    admin = {"enabled": True, **ROUTED, "backendTLS": {"caCertificateRefs": AUTHORITY}}
    route = {"enabled": True, **ROUTED, "hostnames": ["ai.example.org"], "admin": admin}
    manifests = rendered(tmp_path, {"httpRoute": route, "controlPlane": {"service": {"port": 443}}}, version)
    made = of_kind(manifests, "HTTPRoute")
    for name, each in made.items():
        assert each["apiVersion"] == "gateway.networking.k8s.io/v1"
        assert each["spec"]["parentRefs"] == ROUTED["parentRefs"]
        (rule,) = each["spec"]["rules"]
        (backend,) = rule["backendRefs"]
        ports = {port["port"] for port in find(manifests, "Service", name)["spec"]["ports"]}
        assert backend["name"] == name and backend["port"] in ports
        assert rule["timeouts"] == {"request": "0s", "backendRequest": "0s"}  # an answer may take its time
    assert made["edge-isthmus-data-plane"]["spec"]["hostnames"] == ["ai.example.org"]
    policy = find(manifests, "BackendTLSPolicy", "edge-isthmus-control-plane")["spec"]
    assert policy["validation"] == {
        "hostname": "edge-isthmus-control-plane.gateways.svc",
        "caCertificateRefs": AUTHORITY,
    }
    (target,) = policy["targetRefs"]
    service = find(manifests, "Service", target["name"])
    assert target["sectionName"] in {port["name"] for port in service["spec"]["ports"]}


@pytest.mark.parametrize("version", HELMS)
def test_replicas_scale_on_processor_time_and_on_requests_under_way(version: str, tmp_path: Path) -> None:
    scaling = {"enabled": True, "minReplicas": 3, "inFlight": {"enabled": True, "targetPerReplica": 150}}
    manifests = rendered(tmp_path, {"dataPlane": {"autoscaling": scaling}}, version)
    (scaler,) = of_kind(manifests, "HorizontalPodAutoscaler").values()
    kubernetes_validate.validate(scaler, "1.33.0", strict=True)
    processor, in_flight = scaler["spec"]["metrics"]
    assert processor["resource"]["name"] == "cpu"
    assert in_flight["pods"] == {
        "metric": {"name": "isthmus_exchanges"},
        "target": {"type": "AverageValue", "averageValue": "150"},
    }
    behavior = scaler["spec"]["behavior"]
    assert behavior["scaleUp"]["stabilizationWindowSeconds"] == 0
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300
    target = scaler["spec"]["scaleTargetRef"]
    assert "replicas" not in find(manifests, target["kind"], target["name"])["spec"]


def test_the_adapter_s_example_makes_the_metric_that_replicas_scale_on() -> None:
    adapter = yaml.safe_load((CHART / "files" / "prometheus-adapter.yaml").read_text())
    (rule,) = adapter["rules"]["custom"]
    assert rule["seriesQuery"].startswith("isthmus_exchanges{")
    assert rule["name"]["as"] == "isthmus_exchanges"


ALL: dict[str, Any] = {"collector": {"enabled": True}}


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("kind", ["podMonitors", "serviceMonitors", "scrapeAnnotations"])
def test_the_metrics_of_every_part_are_read_at_the_port_that_has_them(kind: str, version: str, tmp_path: Path) -> None:
    settings: Any = True if kind == "scrapeAnnotations" else {"enabled": True, "labels": {"release": "prometheus"}}
    manifests = rendered(tmp_path, {**ALL, "monitoring": {kind: settings}}, version)
    read = {}
    for workload in (each for each in manifests if each["kind"] in ("Deployment", "StatefulSet")):
        template = workload["spec"]["template"]
        labels = template["metadata"]["labels"]
        ports = {p["name"]: p["containerPort"] for c in template["spec"]["containers"] for p in c.get("ports", ())}
        if kind == "podMonitors":
            found = [port_of_pod_monitor(each) for each in manifests if selects(each, "PodMonitor", labels)]
        elif kind == "serviceMonitors":
            found = [port_of_service_monitor(manifests, each) for each in selected_services(manifests, labels)]
        else:
            annotations = template["metadata"]["annotations"]
            assert annotations["prometheus.io/scrape"] == "true"
            found = [int(annotations["prometheus.io/port"])]
        (port,) = found
        read[labels["app.kubernetes.io/component"]] = ports.get(port, port)
    assert read == {"data-plane": 9090, "control-plane": 8081, "etcd": 2381, "collector": 8081}


def selects(manifest: Manifest, kind: str, labels: dict[str, str]) -> bool:
    if manifest["kind"] != kind:
        return False
    wanted: dict[str, str] = manifest["spec"]["selector"]["matchLabels"]
    return wanted.items() <= labels.items()


def port_of_pod_monitor(monitor: Manifest) -> Any:
    assert monitor["metadata"]["labels"]["release"] == "prometheus"
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    return endpoint["port"]


def selected_services(manifests: list[Manifest], labels: dict[str, str]) -> list[Manifest]:
    services = of_kind(manifests, "Service").values()
    return [
        each
        for each in services
        if each["metadata"]["name"].endswith("-metrics") and each["spec"]["selector"].items() <= labels.items()
    ]


def port_of_service_monitor(manifests: list[Manifest], service: Manifest) -> Any:
    labels = service["metadata"]["labels"]
    (monitor,) = [each for each in manifests if selects(each, "ServiceMonitor", labels)]
    (endpoint,) = monitor["spec"]["endpoints"]
    (port,) = [each for each in service["spec"]["ports"] if each["name"] == endpoint["port"]]
    return port["targetPort"]


ENDPOINT = {"port", "path", "interval", "scrapeTimeout", "relabelings", "metricRelabelings"}
ROUTE_RULE = {"matches", "timeouts", "backendRefs"}
# What the API of each kind has, of what we use: by path, with lists flattened. No schema of these kinds is strict.
# Sources: Prometheus operator 0.90 (monitoring.coreos.com/v1), Gateway API 1.4 (gateway.networking.k8s.io/v1).
FIELDS: dict[str, dict[str, set[str]]] = {
    "PodMonitor": {"spec": {"selector", "podMetricsEndpoints"}, "spec.podMetricsEndpoints": ENDPOINT},
    "ServiceMonitor": {"spec": {"selector", "endpoints"}, "spec.endpoints": ENDPOINT},
    "PrometheusRule": {
        "spec": {"groups"},
        "spec.groups": {"name", "rules"},
        "spec.groups.rules": {"alert", "record", "expr", "for", "labels", "annotations"},
    },
    "HTTPRoute": {
        "spec": {"parentRefs", "hostnames", "rules"},
        "spec.rules": ROUTE_RULE,
        "spec.rules.timeouts": {"request", "backendRequest"},
        "spec.rules.backendRefs": {"name", "port"},
    },
    "BackendTLSPolicy": {
        "spec": {"targetRefs", "validation"},
        "spec.targetRefs": {"group", "kind", "name", "sectionName"},
        "spec.validation": {"hostname", "caCertificateRefs"},
    },
}


def fields_at(value: Any, path: list[str]) -> set[str]:
    """The names that there are at a path, in whatever lists lie on the way."""
    if isinstance(value, list):
        return {name for each in value for name in fields_at(each, path)}
    if not path:
        return set(value)
    return fields_at(value[path[0]], path[1:]) if path[0] in value else set()


@pytest.mark.parametrize("version", HELMS)
def test_kinds_that_kubernetes_does_not_know_itself_have_only_fields_of_their_api(version: str, tmp_path: Path) -> None:
    scraped = {"enabled": True, "relabelings": [{"action": "labeldrop", "regex": "x"}], "metricRelabelings": [{}]}
    admin = {"enabled": True, **ROUTED, "backendTLS": {"caCertificateRefs": AUTHORITY}}
    route = {"enabled": True, **ROUTED, "hostnames": ["ai.example.org"], "admin": admin}
    rules = {"enabled": True, "alertLabels": {"team": "platform"}}
    seen = set()
    for kind in ("podMonitors", "serviceMonitors"):
        values = {**ALL, "httpRoute": route, "monitoring": {kind: scraped, "rules": rules}}
        for each in rendered(tmp_path, values, version):
            for path, known in FIELDS.get(each["kind"], {}).items():
                assert fields_at(each, path.split(".")) <= known, f"{each['kind']} {path}"
                seen.add(each["kind"])
    assert seen == set(FIELDS)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "Ingress without host": ({"ingress": {"enabled": True}}, "hosts"),
    "admin's Ingress without host": ({"ingress": {"admin": {"enabled": True}}}, "hosts"),
    "HTTPRoute without parent": ({"httpRoute": {"enabled": True}}, "parentRefs"),
    "backend TLS without authority": ({"httpRoute": {"admin": {"enabled": True, **ROUTED}}}, "caCertificateRefs"),
    "timeout in words": ({"httpRoute": {"enabled": True, **ROUTED, "timeouts": {"request": "never"}}}, "request"),
    "scraped twice": (
        {"monitoring": {"podMonitors": {"enabled": True}, "serviceMonitors": {"enabled": True}}},
        "enable one of them",
    ),
    "unknown threshold": ({"monitoring": {"rules": {"thresholds": {"latency": 1}}}}, "latency"),
    "not an alert": ({"monitoring": {"rules": {"disabled": ["everything"]}}}, "disabled"),
    "bounds of replicas": (
        {"dataPlane": {"autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 4}}},
        "minReplicas must not be greater",
    ),
    "rule of egress": ({"networkPolicy": {"egress": [{"from": []}]}}, "egress"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_values_that_cannot_work_are_refused_by_name(case: str, tmp_path: Path) -> None:
    values, word = REFUSED[case]
    with pytest.raises(Refused, match=word):
        rendered(tmp_path, values)
