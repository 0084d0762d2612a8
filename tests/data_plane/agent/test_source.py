"""Where an agent's configuration comes from."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from data_plane.agent import source as source_module
from data_plane.agent.source import LastGoodSaver, StaticSource, restore
from data_plane.agent.static_config import StaticConfigError
from data_plane.config.last_good import LastGoodFile, Saved
from data_plane.config.rejection import Rejection
from data_plane.config.resource_set import Payload, Position, ResourceSet
from data_plane.config.subscriber import ConfigUpdate

GATEWAY = "apiVersion: isthmus.dev/v1\nkind: Gateway\nmetadata: {name: %s}\n---\n"


class FakeAgent:
    """Serves whatever has no `bad` in its path."""

    def __init__(self) -> None:
        self.resources: dict[str, bytes] = {}
        self.updates: list[ConfigUpdate] = []

    async def apply(self, update: ConfigUpdate) -> Sequence[Rejection]:
        self.updates.append(update)
        rejections = [Rejection(path, "is bad") for path in update.changed if "bad" in path]
        if not rejections:
            for path in update.removed:
                del self.resources[path]
            self.resources.update(update.changed)
        return rejections


@pytest.fixture
def agent() -> FakeAgent:
    return FakeAgent()


@pytest.fixture
def file(tmp_path: Path) -> LastGoodFile:
    return LastGoodFile(tmp_path / "last-good", (bytes(32),), gateway="g", schema_version=1)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(3.0):
        while not condition():
            await asyncio.sleep(0.01)


def resource_set(*paths: str) -> ResourceSet:
    resources = ResourceSet()
    resources.apply({path: Payload.of(path, b"{}") for path in paths}, Position("e", 5))
    return resources


async def test_files_are_read_again_when_they_change(
    agent: FakeAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(source_module, "POLL_SECONDS", 0.01)
    config = tmp_path / "config.yaml"
    config.write_text(GATEWAY % "one" + GATEWAY % "two")
    source = StaticSource(config, agent)
    await source.load()
    watching = asyncio.get_running_loop().create_task(source.run())
    config.write_text(GATEWAY % "two" + GATEWAY % "three")
    await until(lambda: len(agent.updates) == 2)
    assert (sorted(agent.updates[1].changed), agent.updates[1].removed) == (
        ["platform/Gateway/three"],
        ("platform/Gateway/one",),
    )
    config.write_text("kind: Nonsense")
    await until(lambda: "configuration refused" in caplog.text)
    config.write_text(GATEWAY % "four")
    await until(lambda: list(agent.resources) == ["platform/Gateway/four"])
    assert [update.revision for update in agent.updates] == [1, 2, 3]
    watching.cancel()


async def test_files_that_cannot_be_served_name_the_resource(agent: FakeAgent, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(GATEWAY % "bad")
    with pytest.raises(StaticConfigError, match="platform/Gateway/bad: is bad"):
        await StaticSource(tmp_path / "config.yaml", agent).load()


async def test_what_was_saved_is_served_again(agent: FakeAgent, file: LastGoodFile) -> None:
    saved = resource_set("t/Model/a", "t/Model/b")
    file.save(Saved.of(saved))
    restored = await restore(file, agent)
    assert sorted(agent.resources) == ["t/Model/a", "t/Model/b"]
    assert (restored.position, restored.content_hash) == (Position("e", 5), saved.content_hash)


async def test_what_is_no_longer_served_is_left_out(agent: FakeAgent, file: LastGoodFile) -> None:
    file.save(Saved.of(resource_set("t/Model/a", "t/Model/bad")))
    restored = await restore(file, agent)
    assert list(agent.resources) == ["t/Model/a"]
    assert restored.content_hash == resource_set("t/Model/a").content_hash


async def test_without_a_file_nothing_is_restored(agent: FakeAgent, file: LastGoodFile) -> None:
    restored = await restore(file, agent)
    assert restored.position == Position()
    assert agent.updates == []


async def test_the_newest_set_is_written(file: LastGoodFile) -> None:
    saver = LastGoodSaver(file)
    saving = asyncio.get_running_loop().create_task(saver.run())
    saver.on_accepted(resource_set("t/Model/a"))
    await until(lambda: saver.saved_revision == 5)
    saver.on_accepted(resource_set("t/Model/b"))
    await until(lambda: list((file.load() or ResourceSet()).payloads) == ["t/Model/b"])
    assert saver.failures == 0
    saving.cancel()


async def test_what_still_waits_is_written_at_the_end(file: LastGoodFile) -> None:
    saver = LastGoodSaver(file)
    saver.on_accepted(resource_set("t/Model/a"))
    await saver.flush()
    assert list((file.load() or ResourceSet()).payloads) == ["t/Model/a"]


async def test_a_disk_that_takes_nothing_is_counted(tmp_path: Path) -> None:
    saver = LastGoodSaver(LastGoodFile(tmp_path / "no" / "x", (bytes(32),), gateway="g", schema_version=1))
    saving = asyncio.get_running_loop().create_task(saver.run())
    saver.on_accepted(resource_set("t/Model/a"))
    await until(lambda: saver.failures == 1)
    saving.cancel()
