"""Install, upgrade, rollback and uninstall by real helm 3 and 4, watched with real kubectl.

Shown: what helm sends, in which order, what it waits for, what it keeps, what it makes of what fails. Not shown: a real
API server's admission and defaults, scheduling; and pods are ready at once here (tests/e2e/test_newcomer.py runs them).
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.charts import cases
from tests.charts.chart import Manifest, Refused, manifests_of, pods
from tests.charts.releases import Releases, releases

DATA_PLANE = "edge-isthmus-data-plane"
CHANGED = {"dataPlane": {"replicas": 3, "drainSeconds": 40}}
SEED = {"seed": cases.SEEDED["seed"]}
IDENTITY = Path(__file__).parents[1] / "golden" / "charts" / "identity.json"


def with_both_helms(function: Any) -> Any:
    return pytest.mark.long(pytest.mark.parametrize("helm", ["helm3", "helm4"])(function))


def replicas(cluster: Releases) -> str:
    return cluster.kubectl("get", "deployment", DATA_PLANE, "-o", "jsonpath={.status.readyReplicas}")


@with_both_helms
def test_a_release_is_changed_put_back_and_taken_away(helm: str, tmp_path: Path) -> None:
    with releases(helm, tmp_path) as cluster:
        cluster.install({})
        assert replicas(cluster) == "2"
        assert "isthmus login" in cluster.helm("get", "notes", "edge")
        cluster.upgrade(CHANGED)
        assert replicas(cluster) == "3"
        cluster.helm("rollback", "edge", "1", "--wait", "--timeout", "30s")
        assert replicas(cluster) == "2"
        assert "Succeeded" in cluster.helm("test", "edge")
        cluster.helm("uninstall", "edge", "--wait")
        left = cluster.kubectl("get", "all,configmaps,networkpolicies,poddisruptionbudgets", "-o", "name").split()
        assert [each for each in left if "-keys" not in each and "test" not in each] == []
        assert "data-edge-isthmus-etcd-0" in cluster.kubectl("get", "persistentvolumeclaims", "-o", "name")
        cluster.install({})
        assert cluster.status() == "deployed"


@with_both_helms
@pytest.mark.parametrize("job", ["keys", "seed"])
def test_a_job_that_fails_fails_the_release_and_the_next_upgrade_mends_it(helm: str, job: str, tmp_path: Path) -> None:
    with releases(helm, tmp_path) as cluster:
        cluster.runner.failing = {job}
        with pytest.raises(Refused, match=r"failed p(re|ost)-install"):
            cluster.install(SEED)
        assert cluster.status() == "failed"
        cluster.runner.failing = set()
        cluster.upgrade(SEED, "--install")
        assert (cluster.status(), replicas(cluster)) == ("deployed", "2")
        cluster.runner.failing = {job}
        with pytest.raises(Refused, match=r"p(re|ost)-upgrade hooks failed"):
            cluster.upgrade({**SEED, **CHANGED})
        assert cluster.status() == "failed"
        # Keys come before all else: without them nothing is touched. The seed comes after.
        assert replicas(cluster) == {"keys": "2", "seed": "3"}[job]
        cluster.runner.failing = set()
        cluster.upgrade({**SEED, **CHANGED})
        assert (cluster.status(), replicas(cluster)) == ("deployed", "3")


@with_both_helms
def test_pods_that_never_get_ready_fail_the_upgrade_and_the_old_ones_stay(helm: str, tmp_path: Path) -> None:
    with releases(helm, tmp_path) as cluster:
        cluster.install({})
        cluster.runner.failing = {"data-plane"}
        with pytest.raises(Refused):
            cluster.upgrade(CHANGED, "--timeout", "5s")
        assert (cluster.status(), replicas(cluster)) == ("failed", "2")
        cluster.runner.failing = set()
        cluster.helm("rollback", "edge", "1", "--wait", "--timeout", "30s")
        assert (cluster.status(), replicas(cluster)) == ("deployed", "2")


@with_both_helms
def test_etcd_s_size_may_not_change(helm: str, tmp_path: Path) -> None:
    with releases(helm, tmp_path) as cluster:
        cluster.install({})
        with pytest.raises(Refused, match="fixed by the first install"):
            cluster.upgrade({"etcd": {"statefulSet": {"replicas": 5}}})
        assert (cluster.status(), replicas(cluster)) == ("deployed", "2")


@with_both_helms
def test_two_releases_live_in_one_namespace(helm: str, tmp_path: Path) -> None:
    with releases(helm, tmp_path) as cluster:
        cluster.install({})
        cluster.install({"etcd": cases.ETCD}, name="inner")
        cluster.helm("uninstall", "inner", "--wait")
        assert (cluster.status(), replicas(cluster)) == ("deployed", "2")


def test_an_upgrade_finds_what_earlier_charts_have_made() -> None:
    """By name and selector, since Kubernetes lets neither change; the file holds those of every released chart."""
    manifests = manifests_of({"etcd": cases.ETCD})
    for release, identity in json.loads(IDENTITY.read_text()).items():
        assert identity["selectors"].items() <= selectors(manifests).items(), release
        assert set(identity["secrets"]) <= secrets(manifests), release


def selectors(manifests: list[Manifest]) -> dict[str, dict[str, str]]:
    found = {}
    for each in manifests:
        name = f"{each['kind']}/{each['metadata']['name']}"
        if each["kind"] in ("Deployment", "StatefulSet"):
            found[name] = each["spec"]["selector"]["matchLabels"]
        elif each["kind"] == "Service":
            found[name] = each["spec"]["selector"]
    return found


def secrets(manifests: list[Manifest]) -> set[str]:
    """What pods mount or read, and what the Job for keys makes."""
    named = json.dumps([*pods(manifests), *(each for each in manifests if each["kind"] == "ConfigMap")])
    return {word for word in named.replace("\\", "").split('"') if word.startswith("edge-isthmus-")}
