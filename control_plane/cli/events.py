"""`isthmus events`: what happens in the fleet, as it happens."""

import json

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.invocation import call, output_option
from control_plane.cli.printable import printable


@click.command()
@output_option("text", "json")
def events(output: str) -> None:
    """Follow what happens: changes, acks, refusals, replicas, leaders.

    One line each, until interrupted.
    """

    async def run(client: Client) -> None:
        async for name, data in client.events("/v1/events"):
            if name != "bookmark":
                click.echo(_line(name, data, output))

    call(run)


def _line(name: str, data: Json, output: str) -> str:
    if output == "json":
        return json.dumps({"event": name, **data})
    facts = (f"{key}={_plain(value)}" for key, value in data.items() if value not in ("", None))
    return printable(f"{name.ljust(10)}  {' '.join(facts)}")


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return json.dumps(text) if " " in text else text
