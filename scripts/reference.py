"""Pages of the reference that programs describe themselves: commands, settings, the REST API, metrics."""

import argparse
import ast
import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from config_schemas.registry import KINDS
from control_plane import settings as control_plane_settings
from control_plane.api import problem
from control_plane.cli.commands import COMMANDS
from control_plane.cli.main import isthmus
from control_plane.collector import settings as collector_settings
from control_plane.collector.counters import PREFIX, Counters
from control_plane.errors import ControlPlaneError
from data_plane import settings as data_plane_settings
from scripts import provider_types

ROOT = Path(__file__).parents[1]
GENERATED = "Generated from {}: `make golden` writes it anew, do not edit.\n"
NAMES = ("commands", "settings", "rest-api", "metrics", "provider-types")
METRIC = "isthmus_"
METRIC_HEAD = ("metric", "kind", "labels", "")
KIND_TAG = "models"  # the operations of this kind stand for those of every kind

Json = Mapping[str, Any]


def pages() -> Mapping[str, str]:
    """Text by path in the checkout."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    texts = (commands_page(), settings_page(), rest_api_page(document), metrics_page(), provider_types_page())
    return {f"docs/reference/{name}.md": text for name, text in zip(NAMES, texts, strict=True)}


def commands_page() -> str:
    """Every command with its options, as click knows them."""
    parts = [
        "# Commands",
        GENERATED.format("the commands"),
        "What each is for, exit statuses, and which control plane they talk to: [the `isthmus` command](../cli.md).",
        *_command("isthmus", isthmus),
    ]
    for entry in COMMANDS:
        command = isthmus.get_command(click.Context(isthmus), entry.name)
        assert command is not None
        parts += _command(f"isthmus {entry.name}", command)
        if isinstance(command, click.Group):
            for name, each in command.commands.items():
                parts += _command(f"isthmus {entry.name} {name}", each)
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _command(name: str, command: click.Command) -> Iterator[str]:
    yield f"## `{name}`"
    yield from _help(command.help or "")
    usage = " ".join(command.collect_usage_pieces(click.Context(command)))
    yield f"```text\n{name} {usage}\n```"
    options = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    if options:
        yield _table(("option", "value", "default", ""), map(_option, options))


def _option(option: click.Option) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    default = option.default
    has_default = isinstance(default, str | int) and not isinstance(default, bool) and default != ""
    facts = [option.help or "", "May be repeated." if option.multiple else "", "Required." if option.required else ""]
    return names, _value(option), f"`{default}`" if has_default else "", " ".join(filter(None, facts))


def _value(option: click.Option) -> str:
    """What follows the option."""
    if option.is_flag:
        return ""
    if isinstance(option.type, click.IntRange):
        return f"from {option.type.min}" + (f" to {option.type.max}" if option.type.max is not None else "")
    return f"`{option.make_metavar(click.Context(isthmus))}`"


def _help(text: str) -> Iterator[str]:
    """Paragraphs; those that click prints as they are stand in a block."""
    for each in inspect.cleandoc(text).split("\n\n"):
        if each.startswith("\b"):
            yield f"```text\n{each.removeprefix(chr(8)).strip(chr(10))}\n```"
        else:
            yield " ".join(each.split())


def settings_page() -> str:
    """Flags and variables of each process."""
    parts = [
        "# Settings of the processes",
        GENERATED.format("the programs' own parsers"),
        "A flag wins over its variable. Of `isthmus up`, see [the commands](commands.md#isthmus-up).",
    ]
    for parser in _parsers():
        rows = (
            _flag(action)
            for action in parser._actions  # argparse has no other way to ask for them
            if not isinstance(action, argparse._HelpAction | argparse._VersionAction)
        )
        table = _table(("flag", "variable", "default", ""), rows)
        parts += [f"## `{parser.prog}`", parser.description or "", parser.epilog or "", table]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _parsers() -> Iterator[argparse.ArgumentParser]:
    """Made as the programs make them, in an empty environment."""
    yield control_plane_settings._parser({})
    yield data_plane_settings._parser({})
    yield collector_settings._parser({})


def _flag(action: argparse.Action) -> tuple[str, ...]:
    (flag,) = action.option_strings
    text, _, default = (action.help or "").partition(" (default: ")
    variable = "ISTHMUS_" + flag.removeprefix("--").replace("-", "_").upper()
    return f"`{flag}`", f"`{variable}`", f"`{default.removesuffix(')')}`" if default else "", text


def rest_api_page(document: Json) -> str:
    """The operations; those of kinds once, since they are the same for all."""
    operations = list(_operations(document))
    tags = {kind.PLURAL: name for name, kind in KINDS.items()}
    parts = [
        "# REST API",
        GENERATED.format("[the OpenAPI document](../openapi.json)"),
        document["info"]["description"],
        "Calls carry `Authorization: Bearer <admin token>`; the scope that each needs is named. A control plane shows "
        "the same with a form to try it at `/docs`, and the document at `/openapi.json`.",
        "## Resources",
        "Every kind has the same operations. Tenants and Gateways lie in the tenant `platform`.",
        _table(
            ("kind", "path"),
            (
                (f"[{name}](resources.md#{name.lower()})", f"`/v1/tenants/{_owner(kind.SCOPE)}/{kind.PLURAL}`")
                for name, kind in KINDS.items()
            ),
        ),
    ]
    for method, path, operation in operations:
        if operation["tags"] == [KIND_TAG]:
            kind = tags[KIND_TAG]
            general = {
                **operation,
                "summary": operation["summary"].replace(KIND_TAG, "resources").replace(kind, "resource"),
            }
            parts += _operation(document, method, path.replace(KIND_TAG, "{kind}"), general, "###")
    others = [each for each in operations if each[2]["tags"][0] not in tags]
    for tag in dict.fromkeys(operation["tags"][0] for _, _, operation in others):
        parts.append(f"## {tag.capitalize()}")
        for method, path, operation in others:
            if operation["tags"][0] == tag:
                parts += _operation(document, method, path, operation, "###")
    parts += ["## Codes of problems", _table(("code", "status", "means"), _problems())]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _problems() -> list[tuple[str, ...]]:
    found = [ControlPlaneError]
    for each in found:
        found += each.__subclasses__()
    own = ((each.code, each.status, each.__doc__ or "") for each in found[1:])
    others = ((code, status, f"{text[0].upper()}{text[1:]}.") for status, (code, text) in problem.HTTP_PROBLEMS.items())
    rows = {code: (f"`{code}`", str(status), text) for code, status, text in (*others, *own)}
    return sorted(rows.values(), key=lambda row: (row[1], row[0]))


def _owner(scope: str) -> str:
    return "platform" if scope == "Platform" else "{tenant}"


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def _operation(document: Json, method: str, path: str, operation: Json, level: str) -> Iterator[str]:
    yield f"{level} `{method} {path}`"
    scope = operation.get("x-isthmus-scope")
    facts = [operation["summary"] + ".", operation.get("description", "")]
    facts.append(f"Scope: `{scope}`." if scope else "No token.")
    body = operation.get("requestBody", {}).get("content", {})
    if body:
        facts.append(f"Body: {', '.join(f'`{each}`' for each in body)}.")
    statuses = ", ".join(operation["responses"])
    facts.append(f"Answers: {statuses}.")
    yield " ".join(filter(None, facts))
    parameters = [_resolved(document, each) for each in operation.get("parameters", ())]
    rows = [
        (f"`{each['name']}`", each["in"], "yes" if each.get("required") else "", each.get("description", ""))
        for each in parameters
        if each["in"] != "path"
    ]
    if rows:
        yield _table(("parameter", "in", "required", ""), rows)


def _resolved(document: Json, value: Json) -> Json:
    if "$ref" not in value:
        return value
    found: Any = document
    for step in str(value["$ref"]).removeprefix("#/").split("/"):
        found = found[step]
    assert isinstance(found, dict)
    return found


def metrics_page() -> str:
    """All metrics of each process, found where the sources define them."""
    parts = ["# Metrics", GENERATED.format("the sources"), "In Prometheus' text format."]
    for title, where, folders in (
        ("Replicas", "`/metrics` at `--admin-listen`. Counters are the sums of all workers.", ("data_plane",)),
        ("Control planes", "`/metrics` at `--health-listen`.", ("control_plane",)),
    ):
        found: dict[str, tuple[str, ...]] = {}
        for path in sorted(each for folder in folders for each in (ROOT / folder).rglob("*.py")):
            for row in _defined_metrics(ast.parse(path.read_text())):
                found.setdefault(row[0], row)
        rows = ((f"`{name}`", *rest) for name, *rest in sorted(found.values()))
        parts += [f"## {title}", where, _table(METRIC_HEAD, rows)]
    counted = (
        (f"`{PREFIX}{each.name}`", each.metadata["kind"], "", each.metadata["text"]) for each in fields(Counters)
    )
    parts += ["## Collectors", "`/metrics` at `--health-listen`.", _table(METRIC_HEAD, sorted(counted))]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _defined_metrics(tree: ast.AST) -> Iterator[tuple[str, str, str, str]]:
    """Name, kind, labels and meaning of each, from calls that begin with a name and tables that map names to texts."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args and _is_metric(name := _text(node.args[0])):
            callee = node.func.id if isinstance(node.func, ast.Name) else ""
            texts = [text for each in node.args[1:] if (text := _text(each))]
            kinds = {"counter", "gauge", "histogram"}
            kind = next((text for text in texts if text in kinds), callee.lower())
            meaning = next((text for text in texts if text not in kinds), "")
            if kind in kinds and meaning:
                yield name, kind, ", ".join(f"`{each}`" for each in _labels(node)), meaning
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
                if key is not None and _is_metric(name := _text(key)) and (meaning := _text(first)):
                    yield name, "counter" if name.endswith("_total") else "gauge", "", meaning


def _labels(call: ast.Call) -> list[str]:
    """Of a `Definition`: its tuple of names. Of a family with samples: the names in their pairs."""
    for each in call.args[1:]:
        if isinstance(each, ast.Tuple):
            return [_text(name) for name in each.elts if _text(name)]
    pairs = (node for node in ast.walk(call) if isinstance(node, ast.Tuple) and len(node.elts) == 2)
    return list(dict.fromkeys(text for pair in pairs if (text := _text(pair.elts[0]))))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _is_metric(text: str) -> bool:
    return text.startswith(METRIC) and text != METRIC


def provider_types_page() -> str:
    """What each type of provider speaks."""
    parts = ["# Provider types", GENERATED.format("the data plane's table of providers"), *provider_types.sections()]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *([_cell(each) for each in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
