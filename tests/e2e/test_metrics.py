"""What alerts, dashboards and the reference name is what the processes expose, and the other way round."""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.charts.chart import CHART
from tests.charts.monitoring import ALL_PARTS, rule_groups, rules_of
from tests.fakes.certificates import pair
from tests.fakes.collector import Collector, pki
from tests.fakes.fleet import Fleet, document, model_spec, tenant_documents
from tests.fakes.model_server import Behaviour, ModelServer
from tests.fakes.probe import CHAT, ask
from tests.fakes.prometheus import Prometheus
from tests.fakes.replica import Replica

ROOT = Path(__file__).parents[2]
TENANT = "metrics"
SAMPLE = re.compile(r"^([a-z_:0-9]+)(?:\{(.*)\})? \S+$")
# In a query: a metric, with its matchers if it has any.
SELECTOR = re.compile(r"\b((?:isthmus[a-z_:0-9]+|etcd_[a-z_]+|kube_[a-z_]+|up))(?:\{([^}]*)\})?(?![\w(])")
BY = re.compile(r"(?:by|on|group_left) \(([a-z_, ]+)\)")
OF_PROMETHEUS = {"namespace", "pod", "release", "limit"}  # from the scrape, from Helm, or made by the rule itself
OF_OTHERS = {"up", "kube_cronjob_status_last_successful_time"}  # by Prometheus itself, and by kube-state-metrics

# What this fleet has not: a bootstrap snapshot, a way to a collector, certificates of listeners.
UNUSED = {
    "operator: Start without control planes B",
    "operator: Waiting for a collector A",
    "operator: Certificates B",
}

Exposed = dict[str, set[str]]


async def page(url: str) -> str:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        return await answer.text()


def read(text: str, into: Exposed) -> None:
    """Note each metric with the labels that it has been seen with."""
    for line in text.splitlines():
        sample = SAMPLE.match(line)
        if sample:
            labels = re.findall(r'([a-z_]+)="', sample[2] or "")
            into.setdefault(sample[1], set()).update(labels)


@pytest.fixture
async def lonely(fleet: Fleet, tmp_path: Path) -> AsyncIterator[Replica]:
    """A replica with all that an installation may have, and with nobody to talk to."""
    chain, key = pair("edge.example")
    (tmp_path / "tls").mkdir()
    (tmp_path / "tls" / "tls.crt").write_bytes(chain)
    (tmp_path / "tls" / "tls.key").write_bytes(key)
    replica = Replica(tmp_path, workers=1, flags=("--tls-certificates", str(tmp_path / "tls")))
    gateway = fleet.pki.gateway
    try:
        replica.spawn(
            *("--control-planes", "127.0.0.1:1", "--ca", str(fleet.pki.authority)),
            *("--cert", str(gateway.certificate), "--key", str(gateway.key)),
            *("--last-good-key-file", str(fleet.folder / "last-good-keys")),
            *("--bootstrap-snapshot", str(tmp_path / "none"), "--collectors", "127.0.0.1:1"),
        )
        await replica.wait_listening()
        yield replica
    finally:
        replica.clean_up()


@pytest.fixture
async def collector(tmp_path: Path) -> AsyncIterator[Collector]:
    started = Collector(tmp_path, pki(tmp_path))
    try:
        await started.start()
        yield started
    finally:
        started.kill()


async def make_traffic(fleet: Fleet, alpha: ModelServer) -> None:
    """Calls of every kind of end: answered, streamed, refused by us, failed by the upstream or on the way in."""
    urls = {"alpha": f"{alpha.url}/v1"}
    prices = [{"perMillionTokens": {"inputUncached": "1000", "output": "2000"}}]
    await fleet.apply(
        *tenant_documents(TENANT, urls, {"alpha": 1}),
        document(f"{TENANT}/Model/priced", model_spec({"alpha": 1})),
        document(f"{TENANT}/CatalogEntry/priced", {"model": {"value": "priced"}, "pricing": "Own", "prices": prices}),
    )
    key, _ = await fleet.make_key(TENANT, "app")
    replica = fleet.replicas[0]
    url = f"{replica.url}/{TENANT}/v1/chat/completions"
    assert (await ask(url, key, CHAT)).status == 200
    assert (await ask(url, key, {**CHAT, "model": "priced"})).status == 200
    assert (await ask(url, key, {**CHAT, "stream": True})).status == 200
    assert (await ask(url, "isk_unknown", CHAT)).status == 401
    alpha.behaviour.status = 500
    assert (await ask(url, key, CHAT)).status == 500
    alpha.behaviour.reset_before_answer = True
    assert (await ask(url, key, CHAT)).status == 502
    openings = await replica.metric("isthmus_failed_openings_total")
    with pytest.raises((ssl.SSLError, ConnectionError)):  # its listener for TLS has no certificate
        await asyncio.open_connection("127.0.0.1", replica.tls_port, ssl=ssl.create_default_context())
    await replica.until_metric("isthmus_failed_openings_total", openings + 1)


@pytest.fixture
async def exposed(fleet: Fleet, alpha: ModelServer, lonely: Replica, collector: Collector) -> Exposed:
    await make_traffic(fleet, alpha)
    seen: Exposed = {}
    for replica in (fleet.replicas[0], lonely):
        read(await replica.admin("/metrics"), seen)
    for control_plane in fleet.control_planes:
        read(await page(f"http://127.0.0.1:{control_plane.health_port}/metrics"), seen)
    read((await collector.get("/metrics"))[1], seen)
    read(await page(f"{fleet.etcd.endpoints[0]}/metrics"), seen)
    return seen


def expressions(folder: Path) -> dict[str, str]:
    """Whose expression it is, and the expression."""
    found = {rule.get("alert") or rule["record"]: rule["expr"] for rule in rules_of(rule_groups(folder, ALL_PARTS))}
    for path in (CHART / "dashboards").glob("*.json"):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel.get("targets", ()):
                found[f"{path.stem}: {panel['title']} {target['refId']}"] = target["expr"]
    return found


def recorded(folder: Path) -> set[str]:
    return {rule["record"] for rule in rules_of(rule_groups(folder, ALL_PARTS)) if "record" in rule}


def wrong(expression: str, exposed: Exposed) -> list[str]:
    """Metrics and labels of an expression that nobody exposes."""
    found, labels = [], set(OF_PROMETHEUS)
    for metric, matchers in SELECTOR.findall(expression):
        known: set[str] | None = exposed.get(metric)
        if metric in OF_OTHERS:
            known = {"cronjob"}
        if known is None:
            found.append(metric)
            continue
        labels |= known
        found += [
            f"{metric}{{{each}}}" for each in re.findall(r"(\w+)[=!]", matchers) if each not in known | OF_PROMETHEUS
        ]
    for group in BY.findall(expression):
        found += [f"by ({each})" for each in group.split(", ") if each not in labels]
    return found


async def test_rules_and_panels_ask_for_what_is_exposed_and_the_reference_lists_it(
    exposed: Exposed, tmp_path: Path
) -> None:
    reference = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    listed = set(re.findall(r"^\| `(isthmus_\w+)`", reference, re.MULTILINE))
    families = {name if name in listed else re.sub(r"_(bucket|sum|count)$", "", name) for name in exposed}
    assert {name for name in families if name.startswith("isthmus_")} - listed == set()
    for name in recorded(tmp_path):
        exposed[name] = {"origin", "target"}
    asked = expressions(tmp_path)
    assert {name: found for name, each in asked.items() if (found := wrong(each, exposed))} == {}
    assert wrong('rate(isthmus_nothing_total{pod="a"}[5m])', exposed) == ["isthmus_nothing_total"]
    assert wrong('sum by (colour) (isthmus_ready{shape="b"})', exposed) == ["isthmus_ready{shape}", "by (colour)"]


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_real_prometheus_evaluates_every_rule_and_panel_and_finds_a_healthy_fleet_healthy(
    fleet: Fleet, alpha: ModelServer, collector: Collector, tmp_path: Path
) -> None:
    pods = {
        **{f"edge-isthmus-data-plane-{each.node}": f"127.0.0.1:{each.admin_port}" for each in fleet.replicas},
        **{f"edge-isthmus-control-plane-{cp.name}": f"127.0.0.1:{cp.health_port}" for cp in fleet.control_planes},
        **{f"edge-isthmus-etcd-{n}": url.removeprefix("http://") for n, url in enumerate(fleet.etcd.endpoints)},
        "edge-isthmus-collector-0": f"127.0.0.1:{collector.health_port}",
    }
    prometheus = Prometheus(tmp_path, "gateways", pods, rule_groups(tmp_path, ALL_PARTS))
    try:
        prometheus.spawn()
        await prometheus.until("count(up == 1) == 9")
        await make_traffic(fleet, alpha)  # counters that appear with a first event are there from now on
        await prometheus.until('isthmus_errors_total{status="502"}')
        alpha.behaviour = Behaviour()
        await make_traffic(fleet, alpha)
        await prometheus.until('increase(isthmus_errors_total{status="502"}[1m]) > 0')
        await prometheus.until("isthmus:error_ratio:rate5m")
        rules = await prometheus.rules()
        assert {rule["name"]: rule["lastError"] for rule in rules if rule["health"] != "ok"} == {}
        active = {rule["name"] for rule in rules if rule.get("state", "inactive") != "inactive"}
        assert active <= {"IsthmusUpstreamFailing", "IsthmusErrorRatioHigh"}  # which the test itself brought about
        empty = {
            name
            for name, each in expressions(tmp_path).items()
            if ":" in name and not await prometheus.query(chosen(each))
        }
        assert empty == UNUSED
    finally:
        prometheus.end()


def chosen(expression: str) -> str:
    """With what a reader of the dashboard may have chosen."""
    values = {"$__rate_interval": "1m", "$namespace": "gateways", "$tenant": TENANT}
    for name, value in values.items():
        expression = expression.replace(name, value)
    return re.sub(r"\$(pod|application|model|target)", ".*", expression)
