"""Where files may lie, what they may be called, and what no file may hold."""

import ast
import re
import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]

TOP_FOLDERS = {
    ".ci",
    "benchmarks",
    "charts",
    "config_schemas",
    "control_plane",
    "data_plane",
    "docs",
    "examples",
    "portal",
    "proto",
    "requirements",
    "scripts",
    "tests",
}
TOP_FILES = {
    ".dockerignore",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "README.md",
    "SECURITY.md",
    "pyproject.toml",
}
SOURCES = {"config_schemas", "control_plane", "data_plane"}
DEEPER = {("data_plane", "upstream", "balancers")}  # the one package inside a package
BANNED_NAME = re.compile(r"(.*_)?(utils?|helpers?|common|core|managers?|misc)|base_.*")
MAX_LINES = 400
# Tests of more than one module lie here; all others mirror the module that they test.
UNMIRRORED = {"charts", "contract", "e2e", "fakes", "golden", "integration"}
GENERATED = re.compile(r"_pb2\.pyi?$")

# What only one machine or one network knows has no place in a file that travels.
REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|farm|root|home/\w+|Users/\w+)/|\.\./share[d]")


def tracked() -> list[PurePosixPath]:
    """Every file of the tree that git knows or would add."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=30).stdout
    return sorted({PurePosixPath(name) for name in listed.split("\0") if name and (ROOT / name).is_file()})


FILES = tracked()
MODULES = [path for path in FILES if path.suffix == ".py" and not GENERATED.search(path.name)]


def report(wrong: list[str], rule: str) -> None:
    assert not wrong, "\n".join([rule, *(f"  {each}" for each in wrong)])


def text_of(path: PurePosixPath) -> str:
    return (ROOT / path).read_bytes().decode(errors="replace")


def test_top_level_holds_only_the_known_folders_and_files() -> None:
    known = [path for path in FILES if path.parts[0] in (TOP_FOLDERS if len(path.parts) > 1 else TOP_FILES)]
    report([str(path) for path in FILES if path not in known], "not a folder or file of the top level:")


def test_modules_lie_at_most_at_plane_package_file() -> None:
    deep = [p for p in MODULES if p.parts[0] in SOURCES and len(p.parts) > 3 and p.parts[:3] not in DEEPER]
    report([str(path) for path in deep], "deeper than plane/package/file:")


def test_names_say_a_concept() -> None:
    wrong = [
        str(path)
        for path in MODULES
        if any(BANNED_NAME.fullmatch(name.removeprefix("test_")) for name in (*path.parts[:-1], path.stem))
    ]
    report(wrong, "names that say nothing (utils, helpers, common, core, manager, misc, base_...):")


def test_files_are_short_enough_to_be_one_concept() -> None:
    lengths = {path: text_of(path).count("\n") for path in MODULES}
    report([f"{path}: {n} lines" for path, n in lengths.items() if n > MAX_LINES], f"longer than {MAX_LINES} lines:")


def test_package_files_are_empty_and_tests_have_none() -> None:
    inits = [path for path in MODULES if path.name == "__init__.py"]
    wrong = [str(path) for path in inits if (ROOT / path).stat().st_size or path.parts[0] == "tests"]
    report(wrong, "`__init__.py` must be empty, and tests have none:")


def test_packages_are_packages() -> None:
    folders = {path.parent for path in MODULES if path.parts[0] in SOURCES}
    report([str(f) for f in sorted(folders) if not (ROOT / f / "__init__.py").exists()], "no `__init__.py` in:")


@pytest.mark.parametrize("folder", sorted(SOURCES | {"benchmarks", "scripts", "tests"}))
def test_every_module_starts_with_what_it_is_for(folder: str) -> None:
    modules = [path for path in MODULES if path.parts[0] == folder and path.name != "__init__.py"]
    report([str(p) for p in modules if not ast.get_docstring(ast.parse(text_of(p)))], "no docstring:")


def test_tests_mirror_the_modules_they_test() -> None:
    tests = [p for p in MODULES if p.parts[0] == "tests" and len(p.parts) > 2 and p.name.startswith("test_")]
    wrong = [str(path) for path in tests if path.parts[1] not in UNMIRRORED and not mirrors_a_module(path)]
    report(wrong, f"neither test_MODULE.py or test_MODULE_ASPECT.py of a module, nor in {sorted(UNMIRRORED)}:")


def mirrors_a_module(test: PurePosixPath) -> bool:
    """`tests/a/b/test_c_d.py` mirrors `a/b/c_d.py` or `a/b/c.py`, or tests the whole package `a/b/c`."""
    folder, words = ROOT.joinpath(*test.parts[1:-1]), test.stem.removeprefix("test_").split("_")
    names = ["_".join(words[:count]) for count in range(1, len(words) + 1)]
    return any((folder / f"{name}.py").exists() or (folder / name / "__init__.py").exists() for name in names)


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        (REGISTRY_HOST, "names the host of a package registry:"),
        (MACHINE_PATH, "holds a path that only one machine has:"),
    ],
    ids=["registry host", "machine path"],
)
def test_no_file_holds_what_only_one_machine_knows(pattern: re.Pattern[str], rule: str) -> None:
    found = {path: pattern.search(text_of(path)) for path in FILES}
    report([f"{path}: '{match[0]}'" for path, match in found.items() if match], rule)


def test_lock_files_hold_a_hash_for_every_package_and_no_address() -> None:
    lines = {path: text_of(path).splitlines() for path in FILES if path.parent == PurePosixPath("requirements")}
    addresses = [f"{path}: {line}" for path, each in lines.items() for line in each if "://" in line]
    bare = [f"{path}: {line}" for path, each in lines.items() for line in each if "==" in line and line[-1] != "\\"]
    report(addresses + bare, "an address, or a package without a hash:")
