"""Every alert fires when it should, is silent when it should be, and leads to its section of the runbook."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.charts.monitoring import (
    ALL_PARTS,
    Refused,
    check_rules,
    rule_groups,
    rules_of,
    try_rules,
    used_labels,
)
from tests.charts.monitoring_cases import CASES, Case, Series

ROOT = Path(__file__).parents[2]
RELEASE = "edge-isthmus"
MINUTES = 30  # when it is looked


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return rule_groups(tmp_path_factory.mktemp("rules"), ALL_PARTS)


def alerts(groups: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules_of(groups) if "alert" in rule}


@dataclass(slots=True)
class Look:
    """What is there, and what must fire then."""

    series: Series = field(default_factory=dict)
    expected: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def metrics(self) -> set[str]:
        return {series.partition("{")[0] for series in self.series}

    def as_test(self) -> dict[str, Any]:
        return {
            "interval": "1m",
            "input_series": [{"series": key, "values": values} for key, values in self.series.items()],
            "promql_expr_test": [
                {
                    "expr": f'ALERTS{{alertname="{name}",alertstate="firing"}}',
                    "eval_time": f"{MINUTES}m",
                    "exp_samples": samples,
                }
                for name, samples in self.expected.items()
            ],
        }


def together(looks: Iterable[Look]) -> list[Look]:
    """The same in fewer tests, each of which costs a database: what shares no metric cannot disturb each other."""
    merged: list[Look] = []
    for look in looks:
        for other in merged:
            if not other.metrics() & look.metrics():
                other.series.update(look.series)
                other.expected.update(look.expected)
                break
        else:
            merged.append(Look(dict(look.series), dict(look.expected)))
    return merged


def firing(name: str, case: Case, severity: str) -> dict[str, Any]:
    labels = {"alertname": name, "alertstate": "firing", "release": RELEASE, "severity": severity, **case.labels}
    return {"labels": "ALERTS{" + ",".join(f'{key}="{value}"' for key, value in labels.items()) + "}", "value": 1}


def test_promtool_accepts_the_rules(groups: dict[str, Any], tmp_path: Path) -> None:
    check_rules(tmp_path, groups)


def test_every_alert_is_tried(groups: dict[str, Any]) -> None:
    assert set(alerts(groups)) == set(CASES)


def test_alerts_fire_in_their_case_and_in_no_other(groups: dict[str, Any], tmp_path: Path) -> None:
    """What makes an alert fire is at the same time, where it is to be quiet, the state of another release."""
    fire, quiet = [], []
    for name, case in CASES.items():
        severity = alerts(groups)[name]["labels"]["severity"]
        others = {key.replace(RELEASE, "other"): values for key, values in case.fires.items()}
        fire.append(Look(case.fires, {name: [firing(name, case, severity)]}))
        quiet.append(Look({**others, **case.quiet}, {name: []}))
    try_rules(tmp_path, groups, [each.as_test() for looks in (fire, quiet) for each in together(looks)])


def test_a_case_that_does_not_hold_is_noticed(groups: dict[str, Any], tmp_path: Path) -> None:
    look = Look(CASES["IsthmusReplicaDown"].fires, {"IsthmusReplicaDown": []})
    with pytest.raises(Refused, match="FAILED"):
        try_rules(tmp_path, groups, [look.as_test()])


def test_annotations_show_only_labels_that_the_alert_has(groups: dict[str, Any]) -> None:
    for name, rule in alerts(groups).items():
        assert {"summary", "description", "runbook_url"} <= set(rule["annotations"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert used_labels(str(rule["annotations"])) <= set(CASES[name].labels), name


def test_every_alert_has_its_section_in_the_runbook_and_every_section_an_alert(groups: dict[str, Any]) -> None:
    sections = re.findall(r"^### (Isthmus\w+)$", (ROOT / "docs" / "runbook.md").read_text(), re.MULTILINE)
    assert sorted(sections) == sorted(alerts(groups))
    for name, rule in alerts(groups).items():
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{name.lower()}"


def test_values_change_thresholds_labels_and_which_alerts_there_are(tmp_path: Path) -> None:
    rules = {
        "enabled": True,
        "disabled": ["IsthmusReplicaDown", "IsthmusRecordsLost"],
        "alertLabels": {"team": "platform", "severity": "page"},
        "runbookUrl": "https://runbooks.example/isthmus",
        "thresholds": {"configAgeSeconds": 77},
    }
    made = alerts(rule_groups(tmp_path, {"monitoring": {"rules": rules}}))
    assert not {"IsthmusReplicaDown", "IsthmusRecordsLost"} & set(made)
    stale = made["IsthmusConfigurationStale"]
    assert stale["expr"].endswith("> 77")
    assert stale["labels"] == {"team": "platform", "severity": "page", "namespace": "gateways", "release": RELEASE}
    assert stale["annotations"]["runbook_url"] == "https://runbooks.example/isthmus#isthmusconfigurationstale"


@pytest.mark.parametrize(
    ("values", "watched"),
    [({}, True), ({"etcd": {"endpoints": ["https://etcd:2379"]}}, False)],
    ids=["own etcd", "external etcd"],
)
def test_only_parts_of_the_release_are_watched(values: dict[str, Any], watched: bool, tmp_path: Path) -> None:
    made = alerts(rule_groups(tmp_path, {**values, "monitoring": {"rules": {"enabled": True}}}))
    assert ("IsthmusEtcdNoLeader" in made) is watched
    assert not [name for name in made if "Spool" in name]
