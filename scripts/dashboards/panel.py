"""A dashboard as a description, and as the JSON that Grafana reads (schema 39, Grafana 11)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

PLACE = 'namespace=~"$namespace"'
COLUMNS, WIDTH, HEIGHT = 3, 8, 8
DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph. `queries`: expression by legend; in them `{replicas}` and `{place}` become label matchers.

    It exists because of `alerts`, or of a section of the runbook: somebody who looks at it has to know what to do.
    """

    title: str
    meaning: str
    queries: dict[str, str]
    unit: str = "short"
    alerts: tuple[str, ...] = ()
    runbook: str = ""

    @property
    def description(self) -> str:
        ties = [f"Alerts: {', '.join(self.alerts)}."] if self.alerts else []
        ties += [f"Runbook: {self.runbook}."] if self.runbook else []
        return " ".join((self.meaning, *ties))


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """What a reader chooses. `query` gives its values, `pattern` which part of each is meant."""

    name: str
    label: str
    query: str
    pattern: str = ""
    is_multiple: bool = True


@dataclass(frozen=True, slots=True)
class Dashboard:
    """For one audience. `replicas`: matchers of its data-plane series."""

    uid: str
    title: str
    meaning: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    replicas: str

    def to_json(self) -> str:
        dashboard = {
            "uid": self.uid,
            "title": self.title,
            "description": self.meaning,
            "tags": ["isthmus"],
            "schemaVersion": 39,
            "editable": True,
            "refresh": "1m",
            "time": {"from": "now-6h", "to": "now"},
            "templating": {"list": [_data_source(), *(_variable(each) for each in self.variables)]},
            "panels": list(self._panels()),
        }
        return json.dumps(dashboard, indent=1) + "\n"

    def _panels(self) -> Iterator[Json]:
        number, top = 0, 0
        for row in self.rows:
            number += 1
            yield {
                "id": number,
                "type": "row",
                "title": row.title,
                "collapsed": False,
                "panels": [],
                "gridPos": {"x": 0, "y": top, "w": COLUMNS * WIDTH, "h": 1},
            }
            for index, panel in enumerate(row.panels):
                number += 1
                place = {
                    "x": index % COLUMNS * WIDTH,
                    "y": top + 1 + index // COLUMNS * HEIGHT,
                    "w": WIDTH,
                    "h": HEIGHT,
                }
                yield {**_panel(panel, self.replicas), "id": number, "gridPos": place}
            top += 1 + -(-len(row.panels) // COLUMNS) * HEIGHT


def namespaces() -> Variable:
    return Variable("namespace", "Namespace", "label_values(isthmus_ready, namespace)")


def quantiles(metric: str, by: str, matchers: str = "{replicas}", of: Sequence[float] = (0.99,)) -> dict[str, str]:
    """Queries of a histogram, by legend. `by`: labels, as `route, model`; may be empty."""
    labels = f"{by}, le" if by else "le"
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", ") if label)
    rates = f"sum by ({labels}) (rate({metric}_bucket{{{matchers}}}[$__rate_interval]))"
    return {f"p{each * 100:g} {legend}".strip(): f"histogram_quantile({each}, {rates})" for each in of}


def rate(metric: str, by: str, matchers: str = "{replicas}") -> str:
    return f"sum by ({by}) (rate({metric}{{{matchers}}}[$__rate_interval]))"


def _panel(panel: Panel, replicas: str) -> Json:
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": DATA_SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": DATA_SOURCE,
                "expr": query.replace("{replicas}", replicas).replace("{place}", PLACE),
                "legendFormat": legend,
            }
            for index, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def _data_source() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}


def _variable(variable: Variable) -> Json:
    made: Json = {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": DATA_SOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "definition": variable.query,
        "regex": variable.pattern,
        "refresh": 2,
        "sort": 1,
        "multi": variable.is_multiple,
        "includeAll": variable.is_multiple,
    }
    if variable.is_multiple:
        made |= {"allValue": ".*", "current": {"text": "All", "value": "$__all"}}
    return made
