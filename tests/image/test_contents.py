"""The image's files, and what a process in it can do: nothing but its work."""

import json
import re
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.markers import Marker

from scripts.compile import modules
from scripts.tools import ROOT
from tests.fakes.image import PREFIX
from tests.image.conftest import MakeContainer

pytestmark = pytest.mark.long
PROGRAMS = sorted(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"])
MEBIBYTE = 1024 * 1024
FULL_MEBIBYTES, SLIM_MEBIBYTES = 1400, 400  # on disk; registries hold about a third of it
STORE = ("chdb", "chdb_core.libs", "numpy", "numpy.libs", "pandas", "pandas.libs", "pyarrow", "pyarrow.libs")
WRITES = """
import os, pathlib, sys
for folder in ("/", "/etc", "/usr/bin", "/opt/isthmus", "/opt/isthmus/bin", "/run", "/run/isthmus", "/dev", "/var/tmp"):
    try:
        (pathlib.Path(folder) / "written").touch()
    except OSError:
        continue
    sys.exit(f"{folder} can be written")
for folder in ("/data", "/tmp"):
    (pathlib.Path(folder) / "written").touch()
lines = pathlib.Path("/proc/self/status").read_text().splitlines()
rights = [line for line in lines if line.startswith(("CapEff", "NoNewPrivs"))]
print(os.getuid(), os.getgid(), os.getgroups(), *rights)
"""


def test_image_is_no_larger_than_it_was(image: Path, record_property: Callable[[str, object], None]) -> None:
    sizes = {path: path.lstat().st_blocks * 512 for path in image.rglob("*")}
    store = sum(size for path, size in sizes.items() if _package(image, path) in STORE)
    full, slim = (round(size / MEBIBYTE) for size in (sum(sizes.values()), sum(sizes.values()) - store))
    record_property("full_mebibytes", full)
    record_property("without_embedded_store_mebibytes", slim)
    sys.stdout.write(f"\nimage: {full} MiB on disk, {slim} MiB without the embedded store\n")
    assert full < FULL_MEBIBYTES
    assert slim < SLIM_MEBIBYTES


def _package(image: Path, path: Path) -> str:
    parts = path.relative_to(image).parts
    return parts[parts.index("site-packages") + 1] if "site-packages" in parts[:-1] else ""


def test_process_can_write_nothing_but_its_data(container: MakeContainer) -> None:
    box = container("box")
    assert box.start("python", "-c", WRITES).wait(30) == 0, box.log()
    assert box.log().split("\n")[0] == "65532 65532 [] CapEff:\t0000000000000000 NoNewPrivs:\t1"


def test_root_cannot_be_written_even_by_its_owner(container: MakeContainer) -> None:
    box = container("box").start("sleep", "30")
    assert box.execute("touch", "/opt/isthmus/written").stderr.count("Read-only file system") == 1


@pytest.mark.parametrize("program", PROGRAMS)
def test_program_starts(container: MakeContainer, program: str) -> None:
    box = container("box")
    assert box.start(program, "--help").wait(30) == 0, box.log()
    assert f"usage: {program}" in box.log().lower()


def test_request_path_is_compiled_without_anything_being_set(container: MakeContainer) -> None:
    names = [path.removesuffix(".py").replace("/", ".") for path in modules()]
    lines = "import importlib, sys\nfor name in sys.argv[1:]: print(importlib.import_module(name).__file__)"
    box = container("box").start("sleep", "30")
    found = box.execute("env", "-i", f"/{PREFIX}/bin/python", "-P", "-c", lines, *names)
    files = found.stdout.split()
    assert len(files) == len(names), found.stderr
    assert not [file for file in files if not (file.startswith(f"/{PREFIX}/") and file.endswith(".so"))]


def test_up_says_that_there_is_no_etcd(container: MakeContainer) -> None:
    box = container("box")
    assert box.start("isthmus", "up").wait(30) != 0
    assert "isthmus: the image holds no etcd: run `isthmus-control-plane` with --etcd-endpoints" in box.log()


def test_list_of_contents_names_each_locked_package(image: Path) -> None:
    listed = json.loads((image / PREFIX / "sbom.cdx.json").read_text())
    have = {(_normal(part["name"]), part["version"]) for part in listed["components"]}
    lines = (ROOT / "requirements" / "image-full.txt").read_text().splitlines()
    locked = [re.match(r"([\w.-]+)==([^ ]+)( ;.*)?", line.removesuffix(" \\")) for line in lines]
    applying = [match for match in locked if match and (not match[3] or Marker(match[3].strip(" ;")).evaluate())]
    assert listed["metadata"]["component"]["name"] == "isthmus"
    assert len(applying) > 40
    assert {(_normal(match[1]), match[2]) for match in applying} == have


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
