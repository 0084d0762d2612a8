"""Writes every file that a program makes, or checks that the ones in the tree are what it would make.

Usage: python -m scripts.generate [--check] [proto|schemas|openapi|errors|reference|charts|dashboards|catalog|all]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from config_schemas.export import generated_files
from scripts import reference
from scripts.catalog_source import catalog_files
from scripts.chart_values import with_table
from scripts.dashboards.model_owner import MODEL_OWNER
from scripts.dashboards.operator import OPERATOR
from scripts.dashboards.tenant import TENANT
from scripts.tools import obtain
from tests.charts.cases import GOLDENS

ROOT = Path(__file__).parents[1]
PRICES = "config_schemas/catalog/prices"


@dataclass(frozen=True, slots=True)
class Generator:
    """Makes files below the folder it is given, at the paths they have below the root.

    `owned` are the globs of all files that it makes, so that one which it no longer makes is noticed.
    """

    name: str
    write: Callable[[Path], None]
    owned: tuple[str, ...]


def write_proto(folder: Path) -> None:
    """Messages and their types; no service stubs, since services are called and served by path."""
    sources = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("proto/isthmus/**/*.proto"))
    (folder / "proto").mkdir()
    outputs = [f"--python_out={folder}/proto", f"--pyi_out={folder}/proto"]
    argv = [sys.executable, "-m", "grpc_tools.protoc", "-Iproto", *outputs, *sources]
    subprocess.run(argv, cwd=ROOT, check=True, timeout=60)


def write_schemas(folder: Path) -> None:
    """JSON Schemas, the reference page, and the data plane's structs."""
    for path, text in generated_files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def write_openapi(folder: Path) -> None:
    """The REST API's description."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs" / "openapi.json").write_text(_printed("control_plane.api.openapi"))


def write_errors(folder: Path) -> None:
    """The reference page of what clients may be told."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs" / "errors.md").write_text(_printed("data_plane.error_page"))


def write_reference(folder: Path) -> None:
    """The pages that programs describe themselves."""
    for path, text in reference.pages().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def write_charts(folder: Path) -> None:
    """The manifests of a few releases, so that a change of the chart shows what it changes in a cluster; its README."""
    golden = folder / "tests" / "golden" / "charts"
    golden.mkdir(parents=True)
    helm = obtain("helm3")
    for name, values in GOLDENS.items():
        argv = [str(helm), "template", "edge", "charts/isthmus", "--namespace", "gateways", "--values", "-"]
        done = subprocess.run(
            argv, cwd=ROOT, input=json.dumps(values), stdout=subprocess.PIPE, text=True, check=True, timeout=60
        )
        (golden / f"{name}.yaml").write_text(done.stdout)
    _write_chart_readme(folder)


def write_dashboards(folder: Path) -> None:
    """What Grafana reads."""
    made = folder / "charts" / "isthmus" / "dashboards"
    made.mkdir(parents=True)
    for dashboard in (OPERATOR, TENANT, MODEL_OWNER):
        (made / f"{dashboard.uid.removeprefix('isthmus-')}.json").write_text(dashboard.to_json())


def write_catalog(folder: Path) -> None:
    """What models cost."""
    made = folder / PRICES
    made.mkdir(parents=True)
    for name, text in catalog_files().items():
        (made / name).write_text(text)


def _write_chart_readme(folder: Path) -> None:
    chart = Path("charts") / "isthmus"
    (folder / chart).mkdir(parents=True)
    readme, values = ((ROOT / chart / name).read_text() for name in ("README.md", "values.yaml"))
    (folder / chart / "README.md").write_text(with_table(readme, values))


def _printed(module: str) -> str:
    argv = [sys.executable, "-m", module]
    return subprocess.run(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=60).stdout


GENERATORS = (
    Generator("proto", write_proto, ("proto/isthmus/**/*_pb2.py", "proto/isthmus/**/*_pb2.pyi")),
    Generator("schemas", write_schemas, ("docs/schemas/*.json", "docs/reference/resources.md")),
    Generator("openapi", write_openapi, ("docs/openapi.json",)),
    Generator("errors", write_errors, ("docs/errors.md",)),
    Generator("reference", write_reference, tuple(f"docs/reference/{name}.md" for name in reference.NAMES)),
    Generator("charts", write_charts, ("tests/golden/charts/*.yaml", "charts/isthmus/README.md")),
    Generator("catalog", write_catalog, (f"{PRICES}/*.json",)),
    Generator("dashboards", write_dashboards, ("charts/isthmus/dashboards/*.json",)),
)


def main() -> int:
    """Run the named generator, or all; return the exit status."""
    parser = argparse.ArgumentParser(prog="generate", description="Write or check generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing; say what differs")
    parser.add_argument("name", nargs="?", default="all", choices=["all", *(each.name for each in GENERATORS)])
    arguments = parser.parse_args()
    differing = [
        path
        for generator in GENERATORS
        if arguments.name in ("all", generator.name)
        for path in run(generator, write=not arguments.check)
    ]
    for path in differing:
        print(f"generate: {path} {'is not what its source gives' if arguments.check else 'written'}")
    return 1 if arguments.check and differing else 0


def run(generator: Generator, *, write: bool) -> list[Path]:
    """Return the paths that differ, after putting them right if `write`."""
    with tempfile.TemporaryDirectory(prefix="isthmus-generate-") as name:
        folder = Path(name)
        generator.write(folder)
        made = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        there = {path.relative_to(ROOT) for glob in generator.owned for path in ROOT.glob(glob)}
        differing = sorted(path for path in made | there if not _same(folder / path, ROOT / path))
        if write:
            for path in differing:
                _replace(folder / path, ROOT / path)
        return differing


def _same(made: Path, there: Path) -> bool:
    return made.exists() and there.exists() and made.read_bytes() == there.read_bytes()


def _replace(made: Path, there: Path) -> None:
    if not made.exists():
        there.unlink()
        return
    there.parent.mkdir(parents=True, exist_ok=True)
    there.write_bytes(made.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
