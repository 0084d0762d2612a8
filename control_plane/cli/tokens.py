"""`isthmus tokens`: what proves people and programs to the control plane."""

from urllib.parse import quote

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.expiry import read_option
from control_plane.cli.invocation import FORMS, call, output_option
from control_plane.cli.output import print_document, print_table

SCOPES = ("read", "write", "admin")


@click.group()
def tokens() -> None:
    """Create, list and revoke admin tokens."""


@tokens.command()
@click.option("--scope", type=click.Choice(SCOPES), required=True, help="write includes read, admin both.")
@click.option("--description", default="", help="Whose it is, or what it is for.")
@click.option(
    "--expires", "expires_at", callback=read_option, help="When it ends: 90d, 12h, 2027-12-31. [default: never]"
)
@output_option("text", "json")
def create(scope: str, description: str, expires_at: str | None, output: str) -> None:
    """Create an admin token and print it: this is the only time that it can be seen.

    Standard output has the token alone, so that scripts can take it from there.
    """

    async def run(client: Client) -> None:
        body = {"scopes": [scope], "description": description, "expiresAt": expires_at}
        made = await client.request("POST", "/v1/tokens", body=body)
        if output == "json":
            print_document(made, output)
            return
        click.echo(made["token"])
        click.echo(f"keep it: it is not shown again. Its id is {made['details']['id']}, to revoke it", err=True)

    call(run)


@tokens.command("list")
@output_option(*FORMS)
def list_tokens(output: str) -> None:
    """List admin tokens."""

    async def run(client: Client) -> None:
        answer = await client.request("GET", "/v1/tokens")
        if output != "table":
            print_document(answer, output)
            return
        print_table(("ID", "SCOPES", "CREATED", "CREATED BY", "EXPIRES", "DESCRIPTION"), map(_row, answer["items"]))

    call(run)


@tokens.command()
@click.argument("ids", nargs=-1, required=True)
def revoke(ids: tuple[str, ...]) -> None:
    """Revoke admin tokens by their ids."""

    async def run(client: Client) -> None:
        for each in ids:
            await client.request("DELETE", f"/v1/tokens/{quote(each, safe='')}")
            click.echo(f"{each} revoked")

    call(run)


def _row(item: Json) -> tuple[object, ...]:
    return (
        item["id"],
        ", ".join(item["scopes"]),
        item["createdAt"],
        item["createdBy"],
        item["expiresAt"] or "never",
        item["description"],
    )
