"""`isthmus get`: read resources, once or as they change."""

import json
from typing import TypedDict, Unpack

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.invocation import FORMS, call, kind_argument, output_option, tenant_option
from control_plane.cli.kinds import collection_path, find_kind, item_path
from control_plane.cli.listing import read_all
from control_plane.cli.output import print_document, print_documents, print_table, to_yaml
from control_plane.cli.printable import printable
from control_plane.cli.summary import COLUMNS, row


class _Where(TypedDict):
    tenant: str
    all_tenants: bool
    selector: str


@click.command()
@kind_argument()
@click.argument("name", required=False)
@output_option(*FORMS)
@click.option("-l", "--selector", default="", help="Only those with these labels: a=b,c=d.")
@click.option("-A", "--all-tenants", is_flag=True, help="Of all tenants.")
@click.option("-w", "--watch", is_flag=True, help="Go on printing changes until interrupted.")
@tenant_option
def get(kind: str, name: str | None, output: str, watch: bool, **where: Unpack[_Where]) -> None:
    """Show resources of a kind, or one by name.

    KIND is a kind in any of its forms: model, models, Model.
    """
    resource_kind = find_kind(kind)
    tenant = None if where["all_tenants"] else where["tenant"]
    query = {"labelSelector": where["selector"]} if where["selector"] else {}
    if name and (tenant is None or query):
        raise click.UsageError("a name goes with neither --all-tenants nor --selector")
    path = collection_path(resource_kind, tenant)

    async def run(client: Client) -> None:
        if watch:
            await _watch(client, path, query, name, output)
        elif name and tenant is not None:
            item = await client.request("GET", item_path(resource_kind, tenant, name))
            if output == "table":
                print_table(COLUMNS, [row(item)])
            else:
                print_document(item, output)
        else:
            items, _ = await read_all(client, path, query)
            _print(items, output)
            if not items and output == "table":
                click.echo(f"there are no {resource_kind.PLURAL}", err=True)

    call(run)


async def _watch(client: Client, path: str, query: dict[str, str], name: str | None, output: str) -> None:
    """Print what there is, then each change."""
    items, revision = await read_all(client, path, query)
    for item in items:
        if name in (None, item["metadata"]["name"]):
            click.echo(_line("listed", item, output))
    async for event, item in client.events(path, query={**query, "watch": "true", "resourceVersion": str(revision)}):
        if event != "bookmark" and name in (None, item["metadata"]["name"]):
            click.echo(_line(event, item, output))


def _print(items: list[Json], output: str) -> None:
    if output != "table":
        print_documents(items, output)
    elif items:
        print_table(COLUMNS, map(row, items))


def _line(event: str, item: Json, output: str) -> str:
    if output == "json":
        return json.dumps({"event": event, "resource": item})
    if output == "yaml":
        return f"---\n# {event}\n{to_yaml(item).rstrip()}"
    cells = ("-" if cell in (None, "") else str(cell) for cell in row(item))
    return printable("  ".join((event.ljust(8), *cells)))
