"""`isthmus login`: keep where a control plane is and the token for it."""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from control_plane.cli.client import Access, Client
from control_plane.cli.context import check_token, read_token, store
from control_plane.cli.options import Options


@click.command()
@click.argument("url")
@click.option("--name", default="", help="What to call it, for --context. [default: the address's host and port]")
@click.option("--token-file", default="", metavar="FILE", help="Holds the admin token; - for standard input.")
@click.option("--ca-file", default="", metavar="FILE", help="Certificates to trust, where the system's do not do.")
@click.pass_obj
def login(options: Options, url: str, name: str, token_file: str, ca_file: str) -> None:
    """Remember a control plane and an admin token.

    Asks for the token unless a file has it, tries it, and makes this control plane the one that commands talk to.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise click.UsageError("URL must be like 'https://isthmus.example:8443'")
    ca = ca_file or options.ca_file
    access = Access(url, _token(token_file or options.token_file), str(Path(ca).absolute()) if ca else "")
    version = asyncio.run(_try(access))
    name = name or parts.netloc
    path = store(name, access)
    click.echo(f"logged in to {url} (version {version}) as context '{name}', kept in {path}")


def _token(file: str) -> str:
    if file and file != "-":
        return read_token(file)
    text: str = sys.stdin.readline() if file == "-" else click.prompt("Admin token", hide_input=True, err=True)
    return check_token(text.strip())


async def _try(access: Access) -> str:
    async with Client(access) as client:
        return str((await client.request("GET", "/v1/status"))["version"])
