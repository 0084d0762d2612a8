"""How the chart's members of etcd start: the first time, after a restart, and without their data."""

import itertools
import json
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from control_plane.cli.etcd_binary import EtcdBinary
from tests.charts import cases
from tests.charts.chart import find, render, values_file
from tests.charts.chart_files import load

MEMBER = load("etcd_member")
Start = MEMBER.Start
READY_SECONDS = 25
OURS = "https://etcd-2:2380"
NETWORKS = itertools.count(1)


def member(url: str = OURS, name: str = "", *, started: bool = False) -> Any:
    return MEMBER.Member("7", name, started, url)


OTHER = member("https://etcd-0:2380", "etcd-0", started=True)


@pytest.mark.parametrize(
    ("has_data", "members", "start"),
    [
        pytest.param(True, None, Start.RESUME, id="restart while nobody answers"),
        pytest.param(True, [OTHER, member(name="etcd-2", started=True)], Start.RESUME, id="restart"),
        pytest.param(False, None, Start.FOUND, id="first of the first install"),
        pytest.param(False, [OTHER, member(name="etcd-2")], Start.FOUND, id="last of the first install"),
        pytest.param(False, [OTHER, member(name="etcd-2", started=True)], Start.REPLACE, id="data lost"),
        pytest.param(False, [OTHER, member()], Start.JOIN, id="ended between its addition and its start"),
        pytest.param(False, [OTHER], Start.ADD, id="taken out by hand"),
    ],
)
def test_a_member_starts_as_its_data_and_the_others_say(has_data: bool, members: Any, start: Any) -> None:
    assert MEMBER.decide(has_data, OURS, members) is start


def test_a_member_too_many_changes_nothing(tmp_path: Path) -> None:
    asked = []

    def call(address: str, path: str, body: Any) -> Any:
        asked.append(path)
        known = [{"ID": str(number), "peerURLs": [f"https://old-{number}:2380"]} for number in range(3)]
        return {"members": known}

    configuration = {"data-dir": str(tmp_path), "initial-cluster": f"etcd-0=https://etcd-0:2380,etcd-2={OURS}"}
    with pytest.raises(MEMBER.CannotStart, match="has 3 members, of which this release knows 2"):
        MEMBER.prepare("etcd-2", configuration, call)
    assert asked == ["/v3/cluster/member/list"]


class ChartCluster:
    """The members of a release, with the configuration that the chart renders, each at an address of its own."""

    def __init__(self, binary: EtcdBinary, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        manifests = render("helm3", values_file(folder, cases.OWN_ETCD))
        self._rendered = json.loads(find(manifests, "ConfigMap", "edge-isthmus-etcd")["data"]["etcd.json"])
        network = next(NETWORKS)
        self.addresses = {f"etcd-{number}": f"127.91.{network}.{number + 1}" for number in range(3)}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        authority = trustme.CA()
        pair = authority.issue_cert("127.0.0.1", *self.addresses.values())  # members check where others call from
        authority.cert_pem.write_to_path(str(folder / "ca.crt"))
        pair.cert_chain_pems[0].write_to_path(str(folder / "tls.crt"))
        pair.private_key_pem.write_to_path(str(folder / "tls.key"))
        self.call = MEMBER._caller(folder)

    def start(self, name: str) -> str:
        """Run what the pod's two containers run; returns what the first of them decided on."""
        address = self.addresses[name]
        cluster = (f"{each}=https://{place}:2380" for each, place in self.addresses.items())
        text = json.dumps(self._rendered).replace("0.0.0.0", address).replace("/certificates", str(self._folder))
        configuration = json.loads(text) | {
            "data-dir": str(self.data(name)),
            "initial-cluster": ",".join(cluster),
            "heartbeat-interval": 50,
            "election-timeout": 500,
        }
        made = MEMBER.prepare(name, configuration, self.call)
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(made))
        with (self._folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [self._binary.path, f"--config-file={file}"], stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        return str(made["initial-cluster-state"])

    def start_again(self, name: str) -> str:
        """As Kubernetes does it, until the others have a leader and have been in touch for five seconds."""
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                return self.start(name)
            except MEMBER.CannotStart:
                assert time.monotonic() < deadline
            time.sleep(0.2)

    def stop(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def data(self, name: str) -> Path:
        return self._folder / name

    def wait_ready(self, name: str) -> None:
        """As the pod's readiness probe."""
        deadline = time.monotonic() + READY_SECONDS
        url = f"http://{self.addresses[name]}:2381/health?exclude=NOSPACE"
        while not _is_healthy(url):
            assert time.monotonic() < deadline, (self._folder / f"{name}.log").read_text()[-4000:]
            time.sleep(0.05)

    def turns_away_strangers(self, name: str) -> bool:
        """Whether a client without a certificate gets no answer."""
        tls = ssl.create_default_context(cafile=str(self._folder / "ca.crt"))
        try:
            urllib.request.urlopen(f"https://{self.addresses[name]}:2379/health", timeout=5, context=tls).close()
        except OSError:
            return True
        return False

    def ask(self, name: str, path: str, body: Any) -> Any:
        return self.call(f"https://{self.addresses[name]}:2379", path, body)


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return str(json.loads(answer.read())["health"]) == "true"
    except OSError:
        return False


@pytest.fixture
def cluster(etcd_binary: EtcdBinary, tmp_path: Path) -> Iterator[ChartCluster]:
    made = ChartCluster(etcd_binary, tmp_path)
    try:
        yield made
    finally:
        for name in list(made.processes):
            made.stop(name)


def test_a_member_comes_back_with_and_without_its_data(cluster: ChartCluster, capsys: Any) -> None:
    for name in cluster.addresses:
        assert cluster.start(name) == "new"
    for name in cluster.addresses:
        cluster.wait_ready(name)
    assert cluster.turns_away_strangers("etcd-0")
    cluster.ask("etcd-0", "/v3/kv/put", {"key": "aw==", "value": "dg=="})
    cluster.stop("etcd-1")
    assert cluster.start("etcd-1") == "existing"
    cluster.wait_ready("etcd-1")
    cluster.stop("etcd-2")
    cluster.data("etcd-2").rename(cluster.data("lost"))
    assert cluster.start_again("etcd-2") == "existing"
    assert "member=etcd-2 start=replace" in capsys.readouterr().out
    cluster.wait_ready("etcd-2")
    answer = cluster.ask("etcd-2", "/v3/kv/range", {"key": "aw==", "serializable": True})
    assert [each["value"] for each in answer["kvs"]] == ["dg=="]
    assert len(cluster.ask("etcd-0", "/v3/cluster/member/list", {})["members"]) == 3
