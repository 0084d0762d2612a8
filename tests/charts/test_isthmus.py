"""The chart renders with helm 3 and 4 to what Kubernetes accepts, and refuses values that cannot work."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.settings import parse as parse_control_plane
from data_plane.settings import parse as parse_data_plane
from tests.charts import cases
from tests.charts.chart import (
    CHART,
    NAMESPACE,
    Manifest,
    Refused,
    containers,
    find,
    helm,
    manifests_of,
    pods,
    render,
    values_file,
)
from tests.charts.validation import KUBERNETES, faults

HELMS = ["helm3", "helm4"]


WRITE_SECRETS = {"keys", "renewal"}  # the only pods that talk to Kubernetes


def pod_specs(manifests: list[Manifest]) -> list[Manifest]:
    return [each["spec"] for each in pods(manifests)]


def generated(manifests: list[Manifest]) -> set[str]:
    """The Secrets that the key Job makes."""
    plans = [each["data"]["plan.json"] for each in manifests if "plan.json" in each.get("data", {})]
    made = (each["secret"] for plan in map(json.loads, plans) for each in plan["kept"] + plan["certificates"])
    return set(made)


@pytest.mark.parametrize("version", HELMS)
def test_chart_passes_lint(version: str, tmp_path: Path) -> None:
    helm(version, "lint", "--strict", str(CHART), "-f", str(values_file(tmp_path, cases.ACCEPTED["fewest values"])))


@pytest.mark.long
@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("case", cases.ACCEPTED)
def test_chart_passes_lint_with_all_values(case: str, version: str, tmp_path: Path) -> None:
    helm(version, "lint", "--strict", str(CHART), "-f", str(values_file(tmp_path, cases.ACCEPTED[case])))


@pytest.mark.parametrize("version", HELMS)
def test_the_packaged_chart_renders_the_same(version: str, tmp_path: Path) -> None:
    helm(version, "package", str(CHART), "--destination", str(tmp_path))
    (package,) = tmp_path.glob("isthmus-*.tgz")
    rendered = helm(version, "template", "edge", str(package), "-n", NAMESPACE)
    assert [each for each in yaml.safe_load_all(rendered) if each] == manifests_of({}, version)


@pytest.mark.parametrize("case", cases.ACCEPTED)
def test_both_helms_render_what_is_valid_in_every_supported_kubernetes(case: str) -> None:
    manifests = manifests_of(cases.ACCEPTED[case])
    assert manifests_of(cases.ACCEPTED[case], "helm4") == manifests
    for version in KUBERNETES:
        assert faults(manifests, version) == []


@pytest.mark.parametrize("case", cases.ACCEPTED)
def test_pods_fit_the_restricted_security_standard(case: str, tmp_path: Path) -> None:
    for template in pods(manifests_of(cases.ACCEPTED[case])):
        pod = template["spec"]
        component = template["metadata"]["labels"]["app.kubernetes.io/component"]
        assert pod["automountServiceAccountToken"] is (component in WRITE_SECRETS)
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers(pod):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("case", cases.ACCEPTED)
def test_names_that_pods_refer_to_are_rendered_or_given(case: str, tmp_path: Path) -> None:
    values = cases.ACCEPTED[case]
    manifests = manifests_of(values)
    there = {each["metadata"]["name"] for each in manifests if each["kind"] in ("Secret", "ConfigMap")}
    issued = {each["spec"]["secretName"] for each in manifests if each["kind"] == "Certificate"}
    given = set(re.findall(r"'([\w-]+)'", str(values)))
    claims = {c["metadata"]["name"] for each in manifests for c in each.get("spec", {}).get("volumeClaimTemplates", [])}
    for pod in pod_specs(manifests):
        volumes = {each["name"]: each for each in pod["volumes"]}
        refers = {each["secret"]["secretName"] for each in volumes.values() if "secret" in each}
        refers |= {each["configMap"]["name"] for each in volumes.values() if "configMap" in each}
        mounts = {m["name"] for c in containers(pod) for m in c["volumeMounts"]}
        assert refers <= there | issued | given | generated(manifests)
        assert mounts - claims == set(volumes) - claims


def test_no_pod_has_the_key_of_an_authority(tmp_path: Path) -> None:
    for pod in pod_specs(manifests_of(cases.OWN_ETCD)):
        secrets = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
        assert not [each for each in secrets if each["secretName"].endswith("authority")]


def test_selectors_of_services_and_policies_match_the_pods_of_their_plane(tmp_path: Path) -> None:
    manifests = manifests_of(cases.ACCEPTED["fewest values"])
    for name in ("edge-isthmus-control-plane", "edge-isthmus-data-plane"):
        labels = find(manifests, "Deployment", name)["spec"]["template"]["metadata"]["labels"].items()
        assert find(manifests, "Service", name)["spec"]["selector"].items() <= labels
        for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            assert find(manifests, kind, name)["spec"][key]["matchLabels"].items() <= labels


def test_a_pod_lives_long_enough_to_drain(tmp_path: Path) -> None:
    manifests = manifests_of(cases.ACCEPTED["everything"])
    pod = find(manifests, "Deployment", "edge-gw-data-plane")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > 600 + 5


def arguments_of(manifests: list[Manifest], deployment: str, folder: Path) -> list[str]:
    """What the chart tells a process, with the mounted folders below `folder`."""
    (container,) = find(manifests, "Deployment", deployment)["spec"]["template"]["spec"]["containers"]
    local = [re.sub(r"=/", f"={folder}/", each).replace("$(POD_NAME)", "pod-1") for each in container["args"]]
    for path in (Path(each.partition("=")[2]) for each in local if f"={folder}" in each):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    return local


def test_the_data_plane_takes_the_arguments_that_the_chart_gives(tmp_path: Path) -> None:
    manifests = manifests_of(cases.ACCEPTED["everything"])
    settings = parse_data_plane(arguments_of(manifests, "edge-gw-data-plane", tmp_path), {})
    assert (settings.gateway, settings.workers, settings.node) == ("edge.eu", 4, "pod-1")
    assert str(settings.control_planes[0]) == "edge-gw-control-plane.gateways.svc:8444"


def test_the_control_plane_takes_the_arguments_that_the_chart_gives(tmp_path: Path) -> None:
    manifests = manifests_of(cases.ACCEPTED["all Secrets provided"])
    settings = parse_control_plane(arguments_of(manifests, "edge-isthmus-control-plane", tmp_path), {})
    assert settings.name == "pod-1"
    assert (str(settings.api.listen), str(settings.discovery.listen)) == ("0.0.0.0:8443", "0.0.0.0:8444")


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no etcd": ({"etcd": {"mode": "External"}}, "endpoints"),
    "endpoints that would be ignored": ({"etcd": {**cases.ETCD, "mode": "StatefulSet"}}, "would ignore them"),
    "two members of etcd": ({"etcd": {"statefulSet": {"replicas": 2}}}, "replicas"),
    "Redis without a use": ({"redis": {"mode": "External"}}, "would not use Redis"),
    "two snapshots": (
        {"dataPlane": {"bootstrapSnapshot": {"url": "https://a.example/s", "existingSecret": "s"}}},
        "give one of",
    ),
    "nowhere to listen": ({"dataPlane": {"listeners": {"http": {"enabled": False}}}}, "enable http, https or both"),
    "PROXY from anyone": (
        {"dataPlane": {"listeners": {"http": {"proxyProtocol": {"enabled": True}}}}},
        "trusted",
    ),
    "Secrets in the seed": (
        {"seed": {"enabled": True, "resources": [{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}]}},
        "seed",
    ),
    "nothing to seed": ({"seed": {"enabled": True}}, "nothing to apply"),
    "renewal after the end": (
        {"certificates": {"generated": {"certificateDays": 10, "renewBeforeDays": 30}}},
        "renewBeforeDays must be less",
    ),
    "ClickHouse without address": ({"collector": {"enabled": True, "store": "ClickHouse"}}, "url"),
    "etcd without scheme": ({"etcd": {"endpoints": ["etcd:2379"]}}, "endpoints"),
    "one control plane": ({"etcd": cases.ETCD, "controlPlane": {"replicas": 1}}, "replicas"),
    "no worker": ({"etcd": cases.ETCD, "dataPlane": {"workers": 0}}, "workers"),
    "misspelt value": ({"etcd": cases.ETCD, "dataplane": {"workers": 2}}, "dataplane"),
    "unknown mode": ({"etcd": cases.ETCD, "certificates": {"mode": "None"}}, "mode"),
    "no issuer": ({"etcd": cases.ETCD, "certificates": {"mode": "CertManager"}}, "name"),
    "no Secrets": ({"etcd": cases.ETCD, "certificates": {"mode": "ExistingSecret"}}, "existing"),
    "gateway's name": ({"etcd": cases.ETCD, "gateway": "Edge_1"}, "gateway"),
    "digest": ({"etcd": cases.ETCD, "image": {"digest": "latest"}}, "digest"),
    "bounds of replicas": (
        {"etcd": cases.ETCD, "dataPlane": {"autoscaling": {"enabled": True, "minReplicas": 5, "maxReplicas": 4}}},
        "minReplicas must not be greater",
    ),
}


@pytest.mark.parametrize("version", HELMS)
@pytest.mark.parametrize("case", REFUSED)
def test_values_that_cannot_work_are_refused_by_name(case: str, version: str, tmp_path: Path) -> None:
    values, word = REFUSED[case]
    with pytest.raises(Refused, match=word):
        render(version, values_file(tmp_path, values))
