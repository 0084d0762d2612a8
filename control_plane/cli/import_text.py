"""What `isthmus import` writes: YAML for `apply` with remarks at its head, and a report."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from config_schemas.base import API_VERSION
from control_plane.cli.output import to_yaml
from control_plane.cli.printable import printable
from control_plane.litellm_import.conversion import LABELS, Converted
from control_plane.litellm_import.finding import WEIGHTS, Finding, Weight
from control_plane.litellm_import.values import SecretPart

Json = dict[str, Any]
SHOWN_PATHS = 4  # of those with the same reason; the report as JSON has all
TITLES: Mapping[Weight, str] = {
    "NotMapped": "Has no equivalent",
    "ToDo": "To be done",
    "Changed": "Is not quite the same",
    "NotNeeded": "Not needed here",
}
EMPTY = ""  # what no Secret takes, so that nothing can be applied before it has been filled in


def secret_documents(converted: Converted, *, shows_values: bool) -> list[Json]:
    """Secrets, without what is not known or not to be shown."""
    return [
        {
            "apiVersion": API_VERSION,
            "kind": "Secret",
            "metadata": {"name": name, "tenant": converted.wish.tenant, "labels": dict(LABELS)},
            "spec": {"data": {key: _shown(part, shows_values) for key, part in parts.items()}},
        }
        for name, parts in converted.secrets.items()
    ]


def secret_texts(converted: Converted, *, shows_values: bool) -> list[str]:
    """Each with a remark on what is to be filled in."""
    documents = secret_documents(converted, shows_values=shows_values)
    return [
        f"{_remarks(parts, shows_values)}{to_yaml(document)}"
        for document, parts in zip(documents, converted.secrets.values(), strict=True)
    ]


def resource_texts(converted: Converted) -> list[str]:
    return [to_yaml(document) for document in converted.documents]


def head(source: str, findings: Sequence[Finding], *, comment: str = "# ") -> str:
    """Where it comes from, and all that is to be said of it."""
    lines = [f"Made by `isthmus import litellm` from {source}.", *_report_lines(findings)]
    return "".join(f"{comment}{printable(line)}".rstrip() + "\n" for line in lines)


def report_text(findings: Sequence[Finding]) -> str:
    """For people: what has the same reason together."""
    return "\n".join(printable(line) for line in _report_lines(findings))


def report_json(converted: Converted) -> str:
    """For programs: each by itself."""
    resources = [_path(each) for each in (*secret_documents(converted, shows_values=False), *converted.documents)]
    findings = [
        {"path": each.path, "weight": each.weight, "reason": each.reason, "advice": each.advice}
        for each in converted.findings
    ]
    return json.dumps({"resources": resources, "findings": findings}, indent=2)


def _path(document: Mapping[str, Any]) -> str:
    metadata = document["metadata"]
    return f"{metadata['tenant']}/{document['kind']}/{metadata['name']}"


def _shown(part: SecretPart, shows_values: bool) -> str:
    return part.value if shows_values and part.value is not None else EMPTY


def _remarks(parts: Mapping[str, SecretPart], shows_values: bool) -> str:
    lines = []
    for key, part in parts.items():
        if part.value is None:
            lines.append(f"# FILL IN `{key}`: {printable(part.variable)}, from the environment of LiteLLM\n")
        elif not shows_values:
            lines.append(f"# `{key}` is not shown on a terminal: write to a file with -o, or use --show-secrets\n")
    return "".join(lines)


def _report_lines(findings: Sequence[Finding]) -> Iterable[str]:
    for weight in WEIGHTS:
        groups: dict[tuple[str, str], list[str]] = {}
        for each in findings:
            if each.weight == weight:
                groups.setdefault((each.reason, each.advice), []).append(each.path)
        if not groups:
            continue
        yield ""
        yield f"{TITLES[weight]}:"
        for (reason, advice), paths in groups.items():
            yield from _group_lines(reason, advice, list(dict.fromkeys(paths)))


def _group_lines(reason: str, advice: str, paths: Sequence[str]) -> Iterable[str]:
    for path in paths[:SHOWN_PATHS]:
        yield f"  {path or 'the configuration'}"
    if len(paths) > SHOWN_PATHS:
        yield f"  and {len(paths) - SHOWN_PATHS} more (--report json names all)"
    yield f"    {reason}{f'; {advice}' if advice else ''}"
