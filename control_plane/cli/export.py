"""`isthmus export`: all resources as files that can be applied."""

from pathlib import Path

import click

from config_schemas.registry import KINDS
from control_plane.cli.client import Client, Json
from control_plane.cli.errors import CliError
from control_plane.cli.invocation import call
from control_plane.cli.kinds import collection_path
from control_plane.cli.listing import read_all
from control_plane.cli.output import to_yaml
from control_plane.cli.parts import parts

FILE_DOCUMENTS = 500  # 1,000 are taken
METADATA = ("name", "tenant", "labels")  # what is not set by the control plane


@click.command()
@click.option("-o", "--output", default="-", help="A file, an existing folder, or - for standard output.")
@click.option("-t", "--tenant", default="", help="Only resources of this tenant.")
def export(output: str, tenant: str) -> None:
    """Write all resources as YAML that `apply` takes.

    One file can hold 1,000 resources for `apply`; into a folder, as many files are written as are needed.

    Values of Secrets are not exported: their fingerprints are, which `apply` understands only where the same values
    are already stored.
    """
    documents: list[Json] = []

    async def run(client: Client) -> None:
        for kind in KINDS.values():
            items, _ = await read_all(client, collection_path(kind, None), {})
            documents.extend(_portable(item) for item in items if tenant in ("", item["metadata"]["tenant"]))

    call(run)
    place = Path(output)
    try:
        if output == "-":
            click.echo(_text(documents), nl=False)
        elif place.is_dir():
            for number, part in enumerate(parts(documents, size=FILE_DOCUMENTS), start=1):
                (place / f"resources-{number:04}.yaml").write_text(_text(part))
        else:
            place.write_text(_text(documents))
    except OSError as error:
        raise CliError(f"cannot write {output}: {error.strerror}") from error
    click.echo(f"{len(documents)} resources exported", err=True)


def _text(documents: list[Json]) -> str:
    return "---\n".join(map(to_yaml, documents))


def _portable(item: Json) -> Json:
    metadata = {key: item["metadata"][key] for key in METADATA if key in item["metadata"]}
    return {"apiVersion": item["apiVersion"], "kind": item["kind"], "metadata": metadata, "spec": item["spec"]}
