"""Every command of the documentation is run, page by page, each on a machine of its own."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from control_plane.cli.etcd_binary import EtcdBinary
from tests.charts.local_cluster import local_cluster
from tests.docs.markdown import ROOT, blocks, pages
from tests.docs.terminal import Terminal, runnable
from tests.docs.upstreams import upstreams
from tests.docs.world import World

QUICK = ("README.md", "docs/quick-start.md", "docs/validation.md")
CLUSTER = re.compile(r"^(helm|kubectl) ", re.MULTILINE)
PAGES = [
    pytest.param(page, id=page, marks=() if page in QUICK else pytest.mark.long) for page in pages() if runnable(page)
]


@pytest.fixture
def world(etcd_binary: EtcdBinary, tmp_path: Path) -> Iterator[World]:
    folder = tmp_path / "isthmus"
    folder.mkdir()
    with upstreams() as behind:
        made = World(folder, str(etcd_binary.path.parent), behind)
        made.furnish()
        try:
            yield made
        finally:
            made.end()


@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_tells_to_do_works(page: str, world: World, tmp_path: Path, etcd_binary: EtcdBinary) -> None:
    with contextlib.ExitStack() as stack:
        texts = [block.text for block in blocks(page) if block.is_run]
        if any(map(CLUSTER.search, texts)):
            folder = tmp_path / "cluster"
            folder.mkdir()
            cluster = stack.enter_context(local_cluster(folder, "helm3", etcd_binary.path))
            world.join(cluster, logs_in=any("isthmus login" in text for text in texts))
        terminal = stack.enter_context(contextlib.closing(Terminal(world)))
        wrong = terminal.run_page(page)
    if wrong:
        pytest.fail(wrong, pytrace=False)


@pytest.mark.long
def test_the_reference_has_every_metric_that_processes_show(world: World) -> None:
    world.start()
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    for port in (9090, 8445):
        with urlopen(world.mapped(f"http://127.0.0.1:{port}/metrics"), timeout=5) as answer:
            names = re.findall(r"^# TYPE (\S+)", answer.read().decode(), re.MULTILINE)
        assert names
        assert [name for name in names if f"`{name}`" not in page] == []
