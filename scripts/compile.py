"""Compiles the modules of the request path to C with mypyc: the same source files, about half the processor time.

Usage: python -m scripts.compile [--out DIR] [--force]

Puts the packages of the data plane into DIR (default: .isthmus/compiled) and the compiled modules beside their sources.
A program that has DIR first on PYTHONPATH runs them; without it the same modules are interpreted. Does nothing when DIR
was made from the same sources. Needs Python's headers and a C compiler: the one that CC names, else `cc`, else one that
is got into the work folder.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import version
from pathlib import Path

from scripts.tools import ToolMissing, obtain

ROOT = Path(__file__).parents[1]
DEFAULT_OUT = ROOT / ".isthmus" / "compiled"
PACKAGES = {"data_plane": "data_plane", "config_schemas": "config_schemas", "proto/isthmus": "isthmus"}
STAMP = "sources.sha256"
BUILD_SECONDS = 600
# What runs for each request or each read. Left out is what mypyc cannot translate, each with its reason.
COMPILED = (
    "data_plane/deadlines.py",
    "data_plane/exchange.py",
    "data_plane/origins.py",
    "data_plane/codecs/*.py",
    "data_plane/config/policy_table.py",
    "data_plane/config/snapshot.py",
    "data_plane/config/routing_table.py",
    "data_plane/config/plans.py",
    "data_plane/filters/*.py",
    "data_plane/identity/*.py",
    "data_plane/ingress/*.py",
    "data_plane/observability/*.py",
    "data_plane/pipeline/*.py",
    "data_plane/telemetry/record.py",
    "data_plane/telemetry/sender.py",
    "data_plane/upstream/*.py",
)
# Of providers what proves the gateway to them waits for the network: nothing would be gained.
PROVIDERS = ("api_key", "clock", "credential", "key_line", "no_credential", "paths", "provider", "surface")
STRUCTS = "a compiled class would lose the options of its structs"
INTERPRETED = {
    "data_plane/codecs/anthropic_event.py": STRUCTS,
    "data_plane/codecs/anthropic_messages.py": STRUCTS,
    "data_plane/codecs/bedrock_event.py": STRUCTS,
    "data_plane/codecs/cohere_event.py": STRUCTS,
    "data_plane/codecs/gemini.py": STRUCTS,
    "data_plane/codecs/openai_chat_usage.py": STRUCTS,
    "data_plane/codecs/openai_media.py": STRUCTS,
    "data_plane/codecs/openai_responses.py": STRUCTS,
    "data_plane/codecs/responses_event.py": STRUCTS,
    "data_plane/codecs/unary.py": "a compiled class cannot be a generic dataclass",
    "data_plane/codecs/inflate.py": "compiled, it would not catch what libraries in C raise",
    "data_plane/filters/inflate.py": "one name for several kinds of errors",
    "data_plane/observability/delta.py": "decoded by its annotations, which a compiled class does not keep",
    "data_plane/upstream/tls.py": "its context is a kind of a class in C",
    "data_plane/upstream/credentials.py": "found by weak references, which compiled objects do not have",
    "data_plane/upstream/pool.py": "found by weak references, which compiled objects do not have",
}
# One C file a module, and those at the same time: one file of all takes several times as long.
PROGRAM = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from mypyc.build import mypycify
from setuptools import setup
from setuptools.command.build_ext import build_ext


class Parallel(build_ext):
    def build_extensions(self):
        self.compiler.compile = self.compile
        super().build_extensions()

    def compile(self, sources, output_dir, macros, include_dirs, debug, extra_postargs, depends):
        compiler = self.compiler
        macros, objects, extra, options, build = compiler._setup_compile(
            output_dir, macros, include_dirs, sources, depends, extra_postargs
        )
        arguments = compiler._get_cc_args(options, debug, None)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda made: compiler._compile(made, *build[made], arguments, extra, options), build))
        return objects


paths = sys.argv[1:]
sys.argv[1:] = ["--quiet", "build_ext", "--inplace"]
mypy = ["--config-file=", "--ignore-missing-imports", "--follow-imports=silent", "--python-executable", sys.executable]
modules = mypycify([*mypy, *paths], opt_level="2", debug_level="0", multi_file=True)
setup(name="compiled", packages=[], ext_modules=modules, cmdclass={"build_ext": Parallel})
"""


class CannotCompile(Exception):
    """Says what to do."""


def main() -> int:
    """Compile, or say why it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="compile", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=DEFAULT_OUT)
    parser.add_argument("--force", action="store_true", help="also when nothing has changed")
    given = parser.parse_args()
    try:
        compile_into(given.out, force=given.force)
    except CannotCompile as error:
        print(f"compile: {error}", file=sys.stderr)
        return 1
    print(given.out)
    return 0


def compile_into(out: Path, *, force: bool = False) -> None:
    """Make the folder, unless it is there and made from the same sources.

    Raises:
        CannotCompile: there is no compiler, or a module cannot be compiled.
    """
    digest = _digest()
    stamp = out / STAMP
    if not force and stamp.is_file() and stamp.read_text() == digest:
        return
    print("compile: translating the request path to C (about 2 minutes)", file=sys.stderr, flush=True)
    draft = out.with_name(f"{out.name}.{os.getpid()}")
    try:
        _build(draft)
        (draft / STAMP).write_text(digest)
        shutil.rmtree(out, ignore_errors=True)
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def modules(root: Path = ROOT) -> list[str]:
    """Paths of what is compiled, below the root."""
    found = {str(path.relative_to(root)) for pattern in COMPILED for path in root.glob(pattern)}
    found |= {f"data_plane/providers/{name}.py" for name in PROVIDERS}
    return sorted(path for path in found - INTERPRETED.keys() if not path.endswith("__init__.py"))


def _build(draft: Path) -> None:
    headers = Path(sysconfig.get_path("include"))
    if not (headers / "Python.h").is_file():
        raise CannotCompile(f"Python's headers are not in {headers}: install them (as the package python3-dev)")
    try:
        compiler = os.environ.get("CC") or str(obtain("cc"))
    except ToolMissing as error:
        raise CannotCompile(f"there is no C compiler, and none to be had: {error}") from error
    for source, name in PACKAGES.items():
        shutil.copytree(ROOT / source, draft / name, ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    environment = {
        **os.environ,
        "MYPYPATH": str(draft),
        "PYTHONPATH": str(draft),
        "CC": compiler,
        "LDSHARED": f"{compiler} -shared",
    }
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, *modules()),
        cwd=draft,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
    )
    if done.returncode != 0:
        raise CannotCompile(f"mypyc failed:\n{done.stdout[-4000:]}")
    shutil.rmtree(draft / "build", ignore_errors=True)


def _digest() -> str:
    """Of all that the result depends on."""
    digest = hashlib.sha256(f"{sys.version} {version('mypy')} {os.environ.get('CC', '')}".encode())
    digest.update(Path(__file__).read_bytes())
    for source in PACKAGES:
        for path in sorted((ROOT / source).rglob("*.py")):
            digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
