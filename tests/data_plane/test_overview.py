"""What the admin port shows of an agent."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from data_plane.agent.agent import Agent, Parts
from data_plane.agent.certificate_files import CertificateFiles
from data_plane.agent.certificate_watch import CertificateWatch
from data_plane.agent.messages import Report, Start
from data_plane.agent.sockets import Sockets
from data_plane.agent.worker_process import WorkerProcess
from data_plane.config.certificate import Certificate, TlsSettings
from data_plane.config.rejection import Rejection
from data_plane.config.subscriber import ConfigUpdate
from data_plane.observability.delta import Delta
from data_plane.observability.metrics import SECONDS
from data_plane.overview import Overview
from data_plane.settings import parse
from data_plane.telemetry.spool import Spool

NO_SOCKETS = Sockets((), 0, {}, beside_orphans=False)
LASTING = Certificate("platform/Secret/edge", b"", b"", (), 100.0)
SECRET = b'{"kind":"Secret","spec":{"data":{"value":"hush"}}}'


class FakeConfiguration:
    async def apply(self, changed: Mapping[str, bytes], removed: Sequence[str], revision: int) -> Sequence[Rejection]:
        return [Rejection(path, "bad") for path in changed if "bad" in path]


async def no_worker(descriptors: Sequence[int]) -> WorkerProcess:
    raise OSError("none in this test")


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    start = Start("node", "gateway", "agent", 0, 0, str(tmp_path), 1.0)
    return Agent(start, Parts(FakeConfiguration(), Spool(tmp_path / "records", 1_000_000), NO_SOCKETS, no_worker))


@pytest.fixture
def overview(agent: Agent, tmp_path: Path) -> Overview:
    (tmp_path / "c.yaml").write_text("")
    flags = ["--static-config", str(tmp_path / "c.yaml"), "--data-dir", str(tmp_path), "--node-id", "n1"]
    return Overview(
        agent,
        parse(flags, {}),
        CertificateWatch(CertificateFiles(()), lambda: TlsSettings((LASTING,)), lambda: 90.0),
        lambda: 90.0,
    )


def update(revision: int, path: str) -> ConfigUpdate:
    return ConfigUpdate("e", revision, "abcd", {path: SECRET}, ())


async def test_readiness_names_the_first_thing_that_is_missing(agent: Agent, overview: Overview) -> None:
    assert overview.not_ready() == "no configuration is loaded"
    await agent.apply(update(3, "t/Secret/s"))
    assert overview.not_ready() == "no worker takes connections yet"
    agent.stop()
    assert overview.not_ready() == "the replica is draining"


async def test_the_dump_has_the_revision_and_no_secret(agent: Agent, overview: Overview) -> None:
    await agent.apply(update(3, "t/Secret/s"))
    dump = overview.dump()
    assert (dump["node"], dump["revision"], dump["contentHash"]) == ("n1", 3, "abcd")
    assert list(dump["resources"]) == ["t/Secret/s"]
    assert "hush" not in repr(dump)


async def test_metrics_show_what_agent_and_workers_count(agent: Agent, overview: Overview) -> None:
    await agent.apply(update(3, "t/Secret/s"))
    await agent.apply(update(4, "t/Secret/bad"))
    buckets = [1] + [0] * len(SECONDS)
    labels = [("route", "r"), ("model", "m")]
    for pid in (1, 2):
        deltas = [Delta("isthmus_received_bytes_total", [("route", "r")], 5.0)]
        histogram = Delta("isthmus_request_seconds", labels, 0.001, buckets)
        gauge = Delta("isthmus_connections", [], 4.0)
        agent.on_report(pid, Report([*deltas, histogram], [gauge], lost_records=1))
    lines = overview.metrics().splitlines()
    for line in (
        "isthmus_config_revision 3",
        'isthmus_config_updates_total{result="rejected"} 1',
        'isthmus_received_bytes_total{route="r"} 10',
        'isthmus_request_seconds_bucket{route="r",model="m",le="0.005"} 2',
        'isthmus_request_seconds_count{route="r",model="m"} 2',
        "# TYPE isthmus_request_seconds histogram",
        "isthmus_config_apply_seconds_count 1",
        "# TYPE isthmus_config_apply_seconds histogram",
        "isthmus_connections 8",
        "isthmus_records_lost_total 2",
        "isthmus_clock_seconds 90",
        "isthmus_draining 0",
        'isthmus_refused_connections_total{reason="exchanges"} 0',
        "isthmus_spool_bytes 0",
        "isthmus_spool_limit_bytes 268435456",
    ):
        assert line in lines
    agent.on_end(1)
    assert "isthmus_connections 4" in overview.metrics().splitlines()


def test_certificates_are_shown_with_the_time_that_they_have_left(overview: Overview) -> None:
    assert 'isthmus_tls_certificate_expiry_seconds{name="platform/Secret/edge"} 10' in overview.metrics()
