"""An upgrade never leads a release to another store than it has, unless told to; nor changes what cannot change."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.charts import cases
from tests.charts.chart import NAMESPACE, Refused, render, values_file
from tests.fakes.kubernetes_api import KubernetesApi
from tests.fakes.kubernetes_http import kubeconfig, serve

EXTERNAL: dict[str, Any] = {"etcd": cases.ETCD}


def explicit(mode: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"etcd": {**values.get("etcd", {}), "mode": mode}}


class Installed:
    """What Helm sees of a release in a cluster."""

    def __init__(self, folder: Path, api: KubernetesApi, address: str) -> None:
        self._folder, self._api = folder, api
        (folder / "kubeconfig").write_text(kubeconfig(address))
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, "")

    def install(self, values: dict[str, Any]) -> None:
        for manifest in render("helm3", values_file(self._folder, values)):
            if manifest["kind"] in ("Deployment", "StatefulSet"):
                self._api.create(manifest, NAMESPACE)

    def upgrade(self, values: dict[str, Any]) -> set[str]:
        """The kinds that an upgrade would have."""
        options = ["--dry-run=server", "--is-upgrade", "--kubeconfig", str(self._folder / "kubeconfig")]
        return {each["kind"] for each in render("helm3", values_file(self._folder, values), *options)}


@pytest.fixture
def release(tmp_path: Path) -> Iterator[Installed]:
    api = KubernetesApi()
    with serve(api) as address:
        yield Installed(tmp_path, api, address)


@pytest.mark.parametrize(
    ("installed", "upgraded", "said"),
    [
        pytest.param(cases.OWN_ETCD, EXTERNAL, "runs an etcd of its own", id="endpoints come"),
        pytest.param(EXTERNAL, cases.OWN_ETCD, "uses an external etcd", id="endpoints go"),
        pytest.param(cases.OWN_ETCD, {"etcd": {"statefulSet": {"replicas": 5}}}, "there are 3 members", id="members"),
        pytest.param(
            cases.OWN_ETCD, {"etcd": {"statefulSet": {"storage": {"size": "9Gi"}}}}, "--cascade=orphan", id="volumes"
        ),
        pytest.param(
            {"collector": {"enabled": True}},
            {"collector": {"enabled": True, "storage": {"size": "21Gi"}}},
            "collector.storage.size is fixed",
            id="the collector's volume",
        ),
    ],
)
def test_another_store_by_accident_and_what_cannot_change_are_refused(
    release: Installed, installed: Any, upgraded: Any, said: str
) -> None:
    release.install(installed)
    with pytest.raises(Refused, match=said):
        release.upgrade(upgraded)


@pytest.mark.parametrize(
    ("installed", "upgraded", "runs_etcd"),
    [
        pytest.param(cases.OWN_ETCD, cases.OWN_ETCD, True, id="own"),
        pytest.param(cases.OWN_ETCD, {"etcd": {"statefulSet": {"quotaBytes": 4294967296}}}, True, id="other settings"),
        pytest.param(EXTERNAL, EXTERNAL, False, id="external"),
        pytest.param(cases.OWN_ETCD, explicit("External", EXTERNAL), False, id="to an external one"),
        pytest.param(EXTERNAL, explicit("StatefulSet", {}), True, id="to one of its own"),
    ],
)
def test_the_same_store_and_what_is_meant_are_let_through(
    release: Installed, installed: Any, upgraded: Any, runs_etcd: bool
) -> None:
    release.install(installed)
    assert ("StatefulSet" in release.upgrade(upgraded)) == runs_etcd
