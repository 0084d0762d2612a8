"""Every panel asks what Prometheus understands and the processes expose, and leads to an alert or to the runbook."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.charts.chart import CHART, render, values_file
from tests.charts.monitoring import ALL_PARTS, check_expressions, rule_groups, rules_of

ROOT = Path(__file__).parents[2]
DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((CHART / "dashboards").glob("*.json"))}
TIE = re.compile(r"(Alerts|Runbook): ([^.]+)\.")


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in dashboard["panels"] if each["type"] != "row"]


def plain(expression: str) -> str:
    """With what Grafana would put in the place of its variables."""
    return re.sub(r"\$\w+", "x", expression.replace("$__rate_interval", "5m"))


def test_there_is_one_dashboard_an_audience() -> None:
    assert set(DASHBOARDS) == {"operator", "tenant", "model-owner"}


@pytest.mark.parametrize("name", DASHBOARDS)
def test_promtool_parses_every_query(name: str, tmp_path: Path) -> None:
    queries = [target["expr"] for panel in panels(DASHBOARDS[name]) for target in panel["targets"]]
    assert queries
    check_expressions(tmp_path, map(plain, queries))


@pytest.mark.parametrize("name", DASHBOARDS)
def test_every_panel_names_alerts_that_exist_or_a_section_of_the_runbook(name: str, tmp_path: Path) -> None:
    alerts = {rule.get("alert") for rule in rules_of(rule_groups(tmp_path, ALL_PARTS))}
    sections = set(re.findall(r"^##+ (.+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE))
    for panel in panels(DASHBOARDS[name]):
        ties = TIE.findall(panel["description"])
        assert ties, panel["title"]
        for kind, names in ties:
            for each in names.split(", "):
                assert each in (alerts if kind == "Alerts" else sections), f"{panel['title']}: {each}"


def test_every_alert_stands_at_a_panel_of_the_operator(tmp_path: Path) -> None:
    alerts = {rule["alert"] for rule in rules_of(rule_groups(tmp_path, ALL_PARTS)) if "alert" in rule}
    shown = {
        each
        for panel in panels(DASHBOARDS["operator"])
        for kind, names in TIE.findall(panel["description"])
        if kind == "Alerts"
        for each in names.split(", ")
    }
    assert alerts - shown == {"IsthmusBackupOld"}  # measured by kube-state-metrics, which not everyone has


@pytest.mark.parametrize("name", DASHBOARDS)
def test_queries_use_only_variables_that_the_dashboard_has(name: str) -> None:
    dashboard = DASHBOARDS[name]
    variables = {each["name"] for each in dashboard["templating"]["list"]} | {"__rate_interval"}
    queries = [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]
    queries += [each.get("definition", "") for each in dashboard["templating"]["list"]]
    assert {each for query in queries for each in re.findall(r"\$(\w+)", query)} <= variables


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_side_by_side(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARDS[name]["panels"]:
        grid = panel["gridPos"]
        cells = {(grid["x"] + x, grid["y"] + y) for x in range(grid["w"]) for y in range(grid["h"])}
        assert not cells & taken
        taken |= cells
    assert max(x for x, _ in taken) < 24
    numbers = [panel["id"] for panel in DASHBOARDS[name]["panels"]]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("version", ["helm3", "helm4"])
def test_the_chart_hands_the_same_dashboards_to_grafana_s_sidecar(version: str, tmp_path: Path) -> None:
    dashboards = {"enabled": True, "annotations": {"grafana_folder": "Isthmus"}}
    manifests = render(version, values_file(tmp_path, {"monitoring": {"dashboards": dashboards}}))
    found = {}
    for each in manifests:
        labels = each["metadata"].get("labels", {})
        if each["kind"] == "ConfigMap" and labels.get("grafana_dashboard") == "1":
            assert each["metadata"]["annotations"] == {"grafana_folder": "Isthmus"}
            (name, text), *_ = each["data"].items()
            found[name.removesuffix(".json")] = json.loads(text)
    assert found == DASHBOARDS
