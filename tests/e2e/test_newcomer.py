"""From the chart's README to the first call, with the commands that README and notes print; then an upgrade under load.

Real: helm, kubectl, the chart's Jobs and init containers, three members of etcd, both planes, probes, preStop, drains,
what each process may read and write. Stand-ins: the Kubernetes API and its controllers, `kubectl port-forward`, images,
the cluster's network. So it shows that a release works as it is wired, not that a cluster would schedule it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from openai import OpenAI

from control_plane.cli.etcd_binary import EtcdBinary
from tests.charts.chart import CHART, ROOT
from tests.charts.local_cluster import LocalCluster, local_cluster
from tests.fakes.kubelet import Kubelet
from tests.fakes.model_server import ModelServer
from tests.fakes.ports import lasting_ports
from tests.fakes.sdk_load import SdkLoad

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

MODEL = """
apiVersion: isthmus.dev/v1
kind: Provider
metadata: {{name: mine}}
spec: {{type: OpenAICompatible, baseUrl: "{url}/v1", auth: {{type: None}}}}
---
apiVersion: isthmus.dev/v1
kind: Model
metadata: {{name: chat}}
spec:
  versions: [{{name: v1, targets: [{{providerRef: {{name: mine}}}}]}}]
"""
# As docs/first-call.md has it, "A key of one's own".
MAKE_KEY = """
isthmus apply -f - <<'END'
apiVersion: isthmus.dev/v1
kind: Application
metadata: {name: shop}
END
export ISTHMUS_KEY=$(isthmus keys create shop --description "first key" --expires 90d)
printf %s "$ISTHMUS_KEY" > key
"""
DATA_PLANE = "edge-isthmus-data-plane"
OPTIONS = "--namespace gateways --wait --timeout 4m"


@pytest.fixture
async def model_server() -> AsyncIterator[ModelServer]:
    server = ModelServer()
    await server.start()
    yield server
    await server.stop()


def install_command() -> str:
    """The README's first block; it must be all that is needed."""
    blocks = re.findall(r"```sh\n(.*?)```", (CHART / "README.md").read_text(), re.DOTALL)
    command: str = next(each for each in blocks if each.startswith("helm install"))
    return command


def commands(notes: str) -> str:
    """What the notes print to be pasted: their indented lines, with ports of our own in place of well-known ones."""
    lines = [line.strip() for line in notes.splitlines() if re.match(r" {3,}\S", line)]
    apply = re.findall(r"^\d\. Configure it: (.*)$", notes, re.MULTILINE)
    call = next(index for index, line in enumerate(lines) if "port-forward" in line and DATA_PLANE in line)
    text = "\n".join([*lines[:call], *apply, MAKE_KEY, *lines[call:]])
    for port, ours in zip(("8443", "8080"), lasting_ports(2), strict=True):
        text = re.sub(rf"\b{port}:", f"{ours}:", text).replace(f"localhost:{port}", f"localhost:{ours}")
    return text


def nothing_broke(kubelet: Kubelet, restarts: list[str]) -> bool:
    """Parts that wait for each other may be started anew at the first install, and never after."""
    return kubelet.killed == kubelet.failures == [] and kubelet.restarts == restarts


def ask(cluster: LocalCluster, key: str) -> str:
    """A call from inside the cluster with the official SDK."""
    front = cluster.network.reach(DATA_PLANE, 80)
    with OpenAI(base_url=f"http://{front.address}:{front.port}/v1", api_key=key, max_retries=0) as client:
        answer = client.chat.completions.create(model="chat", messages=[{"role": "user", "content": "hello"}])
    return answer.choices[0].message.content or ""


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
async def test_a_newcomer_gets_to_the_first_call_and_upgrades_without_a_failed_request(
    helm: str, tmp_path: Path, etcd_binary: EtcdBinary, model_server: ModelServer
) -> None:
    with local_cluster(tmp_path, helm, etcd_binary.path) as cluster:
        home = tmp_path / "home"
        (home / "my-configuration").mkdir()
        (home / "my-configuration" / "models.yaml").write_text(MODEL.format(url=model_server.url))
        example = (ROOT / "examples" / "quickstart" / "gateway.yaml").read_text()
        (home / "my-configuration" / "gateway.yaml").write_text(example)

        await shell(cluster, install_command())
        restarts = list(cluster.kubelet.restarts)
        notes = await shell(cluster, "helm get notes edge --namespace gateways")
        printed = await shell(cluster, commands(notes))
        assert '"chat"' in printed
        key = (home / "key").read_text()
        assert await asyncio.to_thread(ask, cluster, key) == "fake one two three"
        assert "Phase:          Succeeded" in await shell(cluster, "helm test edge -n gateways --logs")
        assert nothing_broke(cluster.kubelet, restarts), cluster.state()

        front = cluster.network.reach(DATA_PLANE, 80)
        before, kept = pods(cluster), secrets(cluster)
        async with SdkLoad([f"http://{front.address}:{front.port}/v1"], key) as load:
            await load.more(20)
            await shell(
                cluster, f"helm upgrade edge charts/isthmus {OPTIONS} --set dataPlane.workers=2,dataPlane.replicas=3"
            )
            upgraded = pods(cluster)
            await load.more(20)
            await shell(cluster, f"helm rollback edge 1 {OPTIONS}")
            await load.more(20)
        assert not before & upgraded and not upgraded & pods(cluster)
        assert load.failures == []
        assert secrets(cluster) == kept and len(kept) > 8
        assert nothing_broke(cluster.kubelet, restarts), cluster.state()

        await shell(cluster, "helm uninstall edge --namespace gateways --wait")
        assert pods(cluster) == set()
        await shell(cluster, install_command())
        assert secrets(cluster) == kept
        assert await asyncio.to_thread(ask, cluster, key) == "fake one two three"


def pods(cluster: LocalCluster) -> set[str]:
    """Replicas of the data plane that are not ending."""
    found = cluster.api.list("Pod", labels={"app.kubernetes.io/component": "data-plane"})
    return {each["metadata"]["name"] for each in found if "deletionTimestamp" not in each["metadata"]}


def secrets(cluster: LocalCluster) -> dict[str, object]:
    """What the Job for keys has made, by name; helm keeps its releases in Secrets, too."""
    found = cluster.api.list("Secret", "gateways")
    return {each["metadata"]["name"]: each["data"] for each in found if each["type"] != "helm.sh/release.v1"}


async def shell(cluster: LocalCluster, text: str) -> str:
    return await asyncio.to_thread(cluster.shell, text)
