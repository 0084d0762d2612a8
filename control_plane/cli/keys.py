"""`isthmus keys`: API keys of applications."""

from urllib.parse import quote

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.expiry import read_option
from control_plane.cli.invocation import FORMS, call, output_option, tenant_option
from control_plane.cli.output import print_document, print_documents, print_table


@click.group()
def keys() -> None:
    """Create, list and revoke API keys of applications."""


@keys.command()
@click.argument("application")
@click.option("--description", default="", help="What it is for.")
@click.option(
    "--expires", "expires_at", callback=read_option, help="When it ends: 90d, 12h, 2027-12-31. [default: never]"
)
@output_option("text", "json")
@tenant_option
def create(application: str, description: str, expires_at: str | None, output: str, tenant: str) -> None:
    """Create an API key and print it: this is the only time that it can be seen.

    Standard output has the key alone, so that scripts can take it from there.
    """

    async def run(client: Client) -> None:
        body = {"description": description, "expiresAt": expires_at}
        made = await client.request("POST", _path(tenant, application), body=body)
        if output == "json":
            print_document(made, output)
            return
        click.echo(made["key"])
        name = made["credential"]["metadata"]["name"]
        click.echo(f"keep it: it is not shown again. Its name is {name}, to revoke it", err=True)

    call(run)


@keys.command("list")
@click.argument("application")
@output_option(*FORMS)
@tenant_option
def list_keys(application: str, output: str, tenant: str) -> None:
    """List the API keys of an application."""

    async def run(client: Client) -> None:
        items = (await client.request("GET", _path(tenant, application)))["items"]
        if output != "table":
            print_documents(items, output)
        elif items:
            print_table(("NAME", "STATE", "CREATED", "EXPIRES", "DESCRIPTION"), map(_row, items))
        else:
            click.echo(f"application '{application}' has no key", err=True)

    call(run)


@keys.command()
@click.argument("application")
@click.argument("names", nargs=-1, required=True)
@tenant_option
def revoke(application: str, names: tuple[str, ...], tenant: str) -> None:
    """Revoke API keys by their names: every replica refuses them from then on."""

    async def run(client: Client) -> None:
        for name in names:
            await client.request("DELETE", f"{_path(tenant, application)}/{quote(name, safe='')}")
            click.echo(f"{name} revoked")

    call(run)


def _path(tenant: str, application: str) -> str:
    return f"/v1/tenants/{quote(tenant, safe='')}/applications/{quote(application, safe='')}/keys"


def _row(item: Json) -> tuple[object, ...]:
    spec, metadata = item["spec"], item["metadata"]
    return (
        metadata["name"],
        spec.get("state", "Active"),
        metadata.get("createdAt"),
        spec.get("expiresAt", "never"),
        spec.get("description"),
    )
