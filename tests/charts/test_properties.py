"""What holds of every release, whatever its values."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from tests.charts import cases
from tests.charts.chart import CHART, Manifest, Refused, containers, manifests_of, pods
from tests.charts.validation import faults

LONG_NAME = "a-release-whose-name-is-as-long-as-helm-lets-it-be-53"
# CronJobs and StatefulSets add to their names; a name of the last three is not a label's value.
LONGEST = {"CronJob": 52, "StatefulSet": 52, "Certificate": 253, "ConfigMap": 253, "Secret": 253}
HOOK = "helm.sh/hook"

case = pytest.mark.parametrize("values", cases.ACCEPTED.values(), ids=cases.ACCEPTED)


def test_a_field_that_kubernetes_does_not_know_is_noticed() -> None:
    manifests = manifests_of({})
    deployment = next(each for each in manifests if each["kind"] == "Deployment")
    deployment["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}
    assert any("readinesProbe" in each for each in faults(manifests, "1.33"))


@case
def test_every_pod_fits_the_restricted_profile(values: dict[str, Any]) -> None:
    """Source: kubernetes.io, "Pod Security Standards", Restricted; and more: a root that nobody writes to."""
    for pod in (each["spec"] for each in pods(manifests_of(values))):
        assert not {"hostNetwork", "hostPID", "hostIPC", "hostUsers", "shareProcessNamespace"} & pod.keys()
        allowed = {"configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
        assert {kind for volume in pod["volumes"] for kind in volume.keys() - {"name"}} <= allowed
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"sysctls", "seLinuxOptions", "windowsOptions"} & pod["securityContext"].keys()
        for container in containers(pod):
            security = {**pod["securityContext"], **container["securityContext"]}
            assert security["runAsNonRoot"] is True and security["runAsUser"] > 0
            assert security["allowPrivilegeEscalation"] is False and "privileged" not in security
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert security["readOnlyRootFilesystem"] is True
            assert all("hostPort" not in port for port in container.get("ports", []))


@case
def test_every_container_says_what_it_needs_and_where_it_is_stopped(values: dict[str, Any]) -> None:
    without = "resources" in values.get("controlPlane", {})  # whoever empties them gets none
    for pod in (each["spec"] for each in pods(manifests_of(values))):
        for container in containers(pod) if not without else []:
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}, container["name"]
            assert "memory" in container["resources"]["limits"], container["name"]


@case
def test_no_manifest_holds_a_secret(values: dict[str, Any]) -> None:
    """Keys are made in the cluster; what a pod knows of a Secret is a reference."""
    manifests = manifests_of(values)
    assert [each for each in manifests if each["kind"] == "Secret"] == []
    secret = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY|\b[A-Za-z0-9+/]{43}=")
    assert not secret.search(json.dumps(manifests))
    for pod in pods(manifests):
        for container in containers(pod["spec"]):
            plain = [each["name"] for each in container.get("env", []) if "value" in each]
            assert not [each for each in plain if re.search("TOKEN|PASSWORD|KEY|SECRET", each)]


@case
def test_what_selects_pods_selects_some_and_no_pods_of_another_part(values: dict[str, Any]) -> None:
    manifests = manifests_of(values)
    labels = [each["metadata"]["labels"] for each in pods(manifests)]
    for each in manifests:
        selector = selector_of(each)
        if selector is not None:
            selected = [pod for pod in labels if selector.items() <= pod.items()]
            assert selected, f"{each['kind']}/{each['metadata']['name']}"
            if each["kind"] != "NetworkPolicy":  # one may hold for all pods
                assert len({pod["app.kubernetes.io/component"] for pod in selected}) == 1


@case
def test_services_lead_to_ports_that_pods_name(values: dict[str, Any]) -> None:
    manifests = manifests_of(values)
    for service in (each for each in manifests if each["kind"] == "Service"):
        selector = service["spec"]["selector"].items()
        chosen = [pod["spec"] for pod in pods(manifests) if selector <= pod["metadata"]["labels"].items()]
        for port in service["spec"]["ports"]:
            for pod in chosen:
                names = {each["name"] for container in containers(pod) for each in container.get("ports", [])}
                assert port["targetPort"] in names


@case
def test_probes_ask_ports_that_their_container_has(values: dict[str, Any]) -> None:
    for pod in pods(manifests_of(values)):
        for container in containers(pod["spec"]):
            names = {each["name"] for each in container.get("ports", [])}
            probes = [
                container[each] for each in ("startupProbe", "livenessProbe", "readinessProbe") if each in container
            ]
            assert {each["httpGet"]["port"] for each in probes if "httpGet" in each} <= names


@case
@pytest.mark.parametrize("name", ["edge", LONG_NAME])
def test_names_are_short_enough_and_occur_once(values: dict[str, Any], name: str) -> None:
    manifests = manifests_of(values, name=name)
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert [each for each, count in Counter(names).items() if count > 1] == []
    for kind, each in names:
        assert len(each) <= LONGEST.get(kind, 63), each
    for labels in [each["metadata"].get("labels", {}) for each in [*manifests, *pods(manifests)]]:
        assert all(len(value) <= 63 for value in labels.values())


@case
def test_two_releases_in_one_namespace_share_nothing(values: dict[str, Any]) -> None:
    values = {key: value for key, value in values.items() if key not in ("fullnameOverride", "serviceAccount")}
    one, other = (manifests_of(values, name=name) for name in ("edge", "edge-2"))
    assert not {key(each) for each in one} & {key(each) for each in other}
    labels = [each["metadata"]["labels"] for each in pods(other)]
    for selector in filter(None, map(selector_of, one)):
        assert not [each for each in labels if selector.items() <= each.items()]


# Of all that values may change, none changes what Kubernetes does not let change.
@case
def test_no_value_changes_what_must_stay(values: dict[str, Any]) -> None:
    if "nameOverride" in values or "fullnameOverride" in values:
        return  # such a release has names of its own from the first install on
    before, after = ({key(each): each for each in manifests_of(some)} for some in ({}, values))
    for each in before.keys() & after.keys():
        assert fixed(before[each]) == fixed(after[each])


def test_every_value_that_a_template_reads_is_in_the_schema() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    texts = [path.read_text() for path in (CHART / "templates").rglob("*") if path.is_file()]
    read = {path for text in texts for path in re.findall(r"\.Values\.([A-Za-z0-9.]+)", text)}
    assert [path for path in sorted(read) if not is_in_schema(schema, path.split("."))] == []


def is_in_schema(schema: dict[str, Any], path: list[str]) -> bool:
    node = schema
    for name in path:
        while "$ref" in node:
            node = schema["definitions"][node["$ref"].rpartition("/")[2]]
        found = [
            each["properties"][name] for each in (node, *node.get("allOf", [])) if name in each.get("properties", {})
        ]
        if not found:
            return bool(node.get("additionalProperties")) or (node.get("type") == "object" and "properties" not in node)
        node = found[0]
    return True


def key(manifest: Manifest) -> tuple[str, str]:
    return manifest["kind"], manifest["metadata"]["name"]


def fixed(manifest: Manifest) -> Any:
    """What Kubernetes refuses to change: kubernetes.io, of each kind."""
    spec = manifest.get("spec", {})
    if HOOK in manifest["metadata"].get("annotations", {}):
        return None  # made anew each time
    match manifest["kind"]:
        case "Deployment":
            return spec["selector"]
        case "StatefulSet":
            changeable = {"replicas", "template", "updateStrategy", "minReadySeconds"}
            # Sizes and classes are said to be fixed by the first install.
            claims = [each["metadata"] for each in spec["volumeClaimTemplates"]]
            kept = spec.keys() - changeable - {"volumeClaimTemplates", "persistentVolumeClaimRetentionPolicy"}
            return {each: spec[each] for each in kept}, claims
        case "Service":
            return spec.get("clusterIP"), spec["selector"]
    return None


def selector_of(manifest: Manifest) -> dict[str, str] | None:
    """The labels by which it selects pods; None: it selects none, or by other means."""
    spec = manifest.get("spec", {})
    found: dict[str, str] | None = None
    match manifest["kind"]:
        case "Service":
            found = spec.get("selector")
        case "Deployment" | "StatefulSet" | "PodDisruptionBudget" | "PodMonitor":
            found = spec["selector"]["matchLabels"]
        case "NetworkPolicy":
            found = spec["podSelector"].get("matchLabels")
    return found


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_a_value_that_nobody_knows_is_refused_at_every_level(helm: str) -> None:
    for path in ("misspelt", "dataPlane.misspelt", "etcd.statefulSet.misspelt", "monitoring.rules.thresholds.misspelt"):
        values: dict[str, Any] = {}
        node = values
        *above, last = path.split(".")
        for name in above:
            node = node.setdefault(name, {})
        node[last] = 1
        with pytest.raises(Refused, match="misspelt"):
            manifests_of(values, helm)
