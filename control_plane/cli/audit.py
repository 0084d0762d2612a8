"""`isthmus audit`: who changed what."""

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.invocation import FORMS, call, output_option
from control_plane.cli.output import print_document, print_table


@click.command()
@click.option("-t", "--tenant", default="", help="Only changes of this tenant's resources.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many writes to list.")
@output_option(*FORMS)
def audit(tenant: str, limit: int, output: str) -> None:
    """List who changed what, the newest first."""

    async def run(client: Client) -> None:
        query = {"limit": str(limit), **({"tenant": tenant} if tenant else {})}
        answer = await client.request("GET", "/v1/audit", query=query)
        if output != "table":
            print_document(answer, output)
            return
        rows = [_row(entry, change) for entry in answer["items"] for change in entry["changes"]]
        print_table(("TIME", "ACTOR", "ACTION", "RESOURCE", "REVISION", "REVERTS"), rows)

    call(run)


def _row(entry: Json, change: Json) -> tuple[object, ...]:
    name = f"{change['tenant']}/{change['kind']}/{change['name']}"
    undone = ",".join(map(str, entry.get("reverts", ())))
    return entry["time"], entry["actor"], change["action"], name, entry["revision"], undone
