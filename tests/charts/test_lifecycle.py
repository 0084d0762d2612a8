"""Install, upgrade, rollback and uninstall by real helm 3 and 4, watched with real kubectl.

Shown: what helm sends, in which order, what it waits for, what it keeps. Not shown: a real API server's admission and
defaults, scheduling, and pods, which are reported ready at once (`test_newcomer.py` runs them).
"""

from pathlib import Path

import pytest

from tests.charts import cases
from tests.charts.releases import Releases, releases

FEWEST = cases.ACCEPTED["fewest values"]
CHANGED = {**FEWEST, "dataPlane": {"replicas": 3, "drainSeconds": 40}}

pytestmark = [pytest.mark.long, pytest.mark.parametrize("helm", ["helm3", "helm4"])]


def replicas(cluster: Releases) -> str:
    return cluster.kubectl("get", "deployment", "edge-isthmus-data-plane", "-o", "jsonpath={.status.readyReplicas}")


def test_generated_secrets_outlive_upgrade_rollback_and_uninstall(helm: str, tmp_path: Path) -> None:
    with releases(helm, tmp_path) as cluster:
        cluster.install(FEWEST)
        generated = cluster.secrets()
        assert {"edge-isthmus-master-key", "edge-isthmus-bootstrap-token", "edge-isthmus-last-good-key"} <= set(
            generated
        )
        assert replicas(cluster) == "2"
        cluster.upgrade(CHANGED)
        assert (replicas(cluster), cluster.secrets()) == ("3", generated)
        cluster.helm("rollback", "edge", "1", "--wait", "--timeout", "30s")
        assert (replicas(cluster), cluster.secrets()) == ("2", generated)
        cluster.helm("uninstall", "edge")
        assert cluster.secrets() == generated
        assert cluster.kubectl("get", "deployments,statefulsets,services,jobs", "-o", "name") == ""
        cluster.install(FEWEST)
        assert (replicas(cluster), cluster.secrets()) == ("2", generated)
