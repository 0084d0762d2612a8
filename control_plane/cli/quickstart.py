"""Brings a fresh control plane to where a client can call it: configuration, models, an application with a key."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from control_plane.cli.client import Client, Json
from control_plane.cli.data_dir import DataDir, write_private
from control_plane.cli.detect import LABELS, Detected
from control_plane.cli.documents import read_documents
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.kinds import creation_order

APPLICATION = "quickstart"
DEMO_MODELS = ("demo", "demo-2")
BATCH = 40  # documents that the API takes in one transaction

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a client needs."""

    model: str
    api_key: str = field(repr=False)


def default_config() -> Path:
    """The quick start's configuration: in a checkout its folder in `examples/`, else the copy in the package."""
    here = Path(__file__).resolve()
    checkout = here.parents[2] / "examples" / "quickstart"
    return checkout if checkout.is_dir() else here.parent / "quickstart_config"


async def prepare(client: Client, config: Path, found: list[Detected], data_dir: DataDir, report: Report) -> Prepared:
    """Apply the configuration and the detected models, and make sure that the application has a key.

    Raises:
        CliError: the configuration is refused; nothing of the refused part is stored.
    """
    documents = [document for detected in found for document in detected.documents]
    documents += [document for _, document in read_documents((str(config),))]
    documents.sort(key=creation_order)  # so that no request refers to what a later one brings
    for start in range(0, len(documents), BATCH):
        answer = await client.request("POST", "/v1/batch", body={"documents": documents[start : start + BATCH]})
        changed = [outcome for outcome in answer["outcomes"] if outcome["action"] != "unchanged"]
        report(f"applied {len(answer['outcomes'])} resources, {len(changed)} changed")
    models = [name for detected in found for name in detected.models] or _models(documents)
    return Prepared(models[0] if models else "", await _api_key(client, documents, data_dir))


def names_models(config: Path) -> bool:
    """Whether a configuration brings models of its own."""
    return any(document.get("kind") == "Model" for _, document in read_documents((str(config),)))


def demo(url: str) -> Detected:
    """The demo model server as a provider with two models."""
    provider = _document("Provider", "demo", {"type": "OpenAICompatible", "baseUrl": url, "auth": {"type": "None"}})
    models = tuple(
        _document("Model", name, {"versions": [{"name": "v1", "targets": [{"providerRef": {"name": "demo"}}]}]})
        for name in DEMO_MODELS
    )
    return Detected((provider, *models), DEMO_MODELS, "no provider key in the environment: a demo model server answers")


async def _api_key(client: Client, documents: list[Json], data_dir: DataDir) -> str:
    """The key of an earlier run while it is good, else a new one."""
    application = _application(documents)
    if application is None:
        return ""
    keys = f"/v1/tenants/{application[0]}/applications/{application[1]}/keys"
    if data_dir.api_key_file.exists():
        kept = data_dir.api_key_file.read_text().strip()
        if await _is_good(client, keys, kept):
            return kept
    made = await client.request("POST", keys, body={"description": "made by `isthmus up`"})
    key = str(made["key"])
    write_private(data_dir.api_key_file, key + "\n")
    return key


async def _is_good(client: Client, keys: str, kept: str) -> bool:
    key_id = kept.split("_")[1] if kept.count("_") >= 2 else ""
    try:
        listed = await client.request("GET", keys)
    except CliError as error:
        if error.code is ExitCode.NOT_FOUND:
            return False
        raise
    return any(
        key_id and key_id in item["metadata"]["name"] and item["spec"].get("state", "Active") == "Active"
        for item in listed["items"]
    )


def _application(documents: list[Json]) -> tuple[str, str] | None:
    """Tenant and name of the application that gets the key: the quick start's, else the first."""
    applications = [
        (str(document["metadata"].get("tenant", "default")), str(document["metadata"]["name"]))
        for document in documents
        if document.get("kind") == "Application"
    ]
    named = [application for application in applications if application[1] == APPLICATION]
    return next(iter(named or applications), None)


def _models(documents: list[Json]) -> list[str]:
    return [
        str(document["spec"].get("modelName") or document["metadata"]["name"])
        for document in documents
        if document.get("kind") == "Model"
    ]


def _document(kind: str, name: str, spec: dict[str, Any]) -> Json:
    metadata = {"name": name, "labels": LABELS}
    return {"apiVersion": "isthmus.dev/v1", "kind": kind, "metadata": metadata, "spec": spec}
