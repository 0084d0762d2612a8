"""`isthmus status`: is everything well, and if not, what is refused by whom and why."""

from collections.abc import Iterator

import click

from control_plane.cli.client import Client, Json
from control_plane.cli.invocation import FORMS, call, output_option
from control_plane.cli.output import print_document, print_table
from control_plane.cli.printable import printable

COUNTED_ELSEWHERE = ("replicas", "quarantine")  # of `counts`; all others are kinds


@click.command()
@output_option(*FORMS)
def status(output: str) -> None:
    """Show the control plane, its replicas, and what they refuse.

    The exit status is 0 also if something is refused: `-o json` is for programs.
    """

    async def run(client: Client) -> None:
        system = await client.request("GET", "/v1/status")
        replicas = await client.request("GET", "/v1/replicas")
        quarantine = await client.request("GET", "/v1/quarantine")
        if output == "table":
            _print(system, replicas, quarantine)
            return
        found = {"controlPlane": system, "replicas": replicas["items"], "quarantine": quarantine["items"]}
        print_document(found, output)

    call(run)


def _print(system: Json, replicas: Json, quarantine: Json) -> None:
    for name, value in _facts(system):
        click.echo(f"{name:14}{value}")
    click.echo("\nReplicas")
    if replicas["items"]:
        columns = ("NODE", "GATEWAY", "STATE", "REVISION", "ACKED", "CONTROL PLANE")
        print_table(columns, map(_replica_row, replicas["items"]))
    else:
        click.echo("none has connected")
    click.echo()
    for line in _refused(replicas["items"], quarantine["items"]):
        click.echo(printable(line))


def _facts(system: Json) -> Iterator[tuple[str, str]]:
    yield "control plane", f"{system['controlPlane']} (version {system['version']})"
    yield "leader", system["leader"] or "none"
    reached = "ok" if system["store"] == "ok" else "UNAVAILABLE: what follows is from memory, and writes are refused"
    yield "store", f"{reached}, revision {system['storeRevision']}"
    counts = system["counts"].items()
    yield "resources", ", ".join(f"{count} {kind}" for kind, count in counts if kind not in COUNTED_ELSEWHERE) or "none"


def _replica_row(replica: Json) -> tuple[object, ...]:
    return (
        replica["node"],
        replica["gateway"],
        replica["state"],
        replica["revision"],
        replica["ackedAt"],
        replica["controlPlane"],
    )


def _refused(replicas: list[Json], quarantine: list[Json]) -> Iterator[str]:
    if not quarantine:
        yield "Nothing is in quarantine."
    else:
        yield f"Quarantine: {len(quarantine)} refused by replicas, which go on with what they had"
    for item in quarantine:
        served = f"revision {item['servedRevision']} is served" if item["servedRevision"] else "nothing is served"
        where = f"gateway {item['gateway']}, revision {item['revision']} since {item['since']}; {served}"
        yield f"  {item['resource']}: {item['reason']}"
        yield f"    {where}"
    known = {item["resource"] for item in quarantine}
    for replica in replicas:
        for refused in replica["rejected"]:
            if refused["resource"] not in known:
                yield f"  {replica['node']} refuses {refused['resource'] or 'an update'}: {refused['reason']}"
