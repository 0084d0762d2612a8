"""The reference page of provider types: what each speaks, and where, as the data plane's table says it."""

from collections.abc import Iterator

from data_plane.codecs.wire import COUNT, EMBED, FAMILIES, GENERATE, RERANK, WIRES
from data_plane.llm.traits import Traits
from data_plane.providers.surface import Asked, Place, ProviderType
from data_plane.providers.table import PROVIDER_TYPES

PLACE = Place(region="<region>", project="<project>")
MODEL = "MODEL"
LACKS = {
    "takes_candidates": "`n`",
    "takes_files": "files",
    "takes_links": "links to pictures",
    "takes_tool_choice": "`tool_choice`",
    "takes_developer_role": "the role `developer`",
    "takes_json_schema": "JSON by a schema",
    "takes_logprobs": "`logprobs`",
    "takes_max_completion_tokens": "`max_completion_tokens`",
    "takes_more_sampling": "`top_k` and its like",
}
# What a provider keeps has paths with ids, which are the client's.
KEPT = {
    wire
    for (_, operation), wire in WIRES.items()
    if operation in ("batches", "files", "stored_chat", "stored_responses")
}
FAMILY_NAMES = {
    GENERATE: "generate",
    EMBED: "embed",
    RERANK: "rank",
    COUNT: "count tokens",
}
INTRODUCTION = """What a Provider of each type speaks, which paths it is asked at below its base URL, and in which
header an API key goes. A request in one of these wire APIs is relayed; one in another API *for* the same is translated
to the first of them that the model has. What else there is to know of a type: [providers](../providers.md)."""


def sections() -> Iterator[str]:
    """Of the page, below its title."""
    yield INTRODUCTION
    for name in sorted(PROVIDER_TYPES, key=str.lower):
        kind = PROVIDER_TYPES[name]
        yield f"## `{name}`"
        yield _facts(kind)
        yield _table(kind)


def _facts(kind: ProviderType) -> str:
    base = kind.base_url(PLACE) if kind.base_url is not None else ""
    facts = [f"Public address: `{base}`." if base else "No public address: `baseUrl` is required."]
    if kind.needs:
        facts.append(f"Needs {' and '.join(f'`{name}`' for name in kind.needs)}.")
    assert kind.lacks <= set(LACKS) <= set(Traits.__struct_fields__)
    if kind.lacks:
        facts.append(f"Its models are not given {', '.join(LACKS[name] for name in sorted(kind.lacks))}.")
    return " ".join(facts)


def _table(kind: ProviderType) -> str:
    lines = ["| wire API | for | path | key in |", "| --- | --- | --- | --- |"]
    for wire, surface in kind.surfaces(PLACE).items():
        family = FAMILY_NAMES.get(FAMILIES.get(wire, ""), "")
        asked = Asked(MODEL, path=b"/..." if wire in KEPT else b"")
        path = surface.path(asked).decode().replace("%3C", "<").replace("%3E", ">").replace(MODEL, "<model>")
        lines.append(f"| `{wire}` | {family} | `{path}` | `{surface.key_header}` |")
    return "\n".join(lines)
