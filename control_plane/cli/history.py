"""`isthmus history`: earlier versions of a resource."""

import click

from control_plane.cli.client import Client
from control_plane.cli.invocation import FORMS, call, kind_argument, output_option, tenant_option
from control_plane.cli.kinds import find_kind, item_path
from control_plane.cli.output import print_document, print_table


@click.command()
@kind_argument()
@click.argument("name")
@output_option(*FORMS)
@tenant_option
def history(kind: str, name: str, output: str, tenant: str) -> None:
    """List the versions of a resource, the newest first.

    The last 50 versions of the last 90 days are kept. YAML and JSON show what each version was.
    """
    path = item_path(find_kind(kind), tenant, name) + "/history"

    async def run(client: Client) -> None:
        answer = await client.request("GET", path)
        if output != "table":
            print_document(answer, output)
            return
        columns = ("REVISION", "GENERATION", "TIME", "ACTION", "ACTOR")
        print_table(columns, ([entry[column.lower()] for column in columns] for entry in answer["items"]))

    call(run)
