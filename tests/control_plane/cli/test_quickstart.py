"""From a fresh control plane to a key that works."""

from pathlib import Path

from control_plane.cli.client import Access, Client
from control_plane.cli.data_dir import DataDir
from control_plane.cli.detect import Detected
from control_plane.cli.quickstart import Prepared, default_config, demo, prepare
from tests.fakes.rest_api import rest_api

DEMO = [demo("http://127.0.0.1:9/v1")]


async def run(folder: DataDir, config: Path, found: list[Detected], times: int = 1) -> list[Prepared]:
    async with rest_api() as api:
        access = Access(str(api.client.make_url("")).rstrip("/"), api.tokens["admin"])
        async with Client(access) as client:
            prepared = []
            for _ in range(times):
                prepared.append(await prepare(client, config, found, folder, lambda line: None))
                await api.caught_up()
            return prepared


async def test_the_quick_start_gives_a_model_and_a_key_that_stays(tmp_path: Path) -> None:
    first, second = await run(DataDir(tmp_path), default_config(), DEMO, times=2)
    assert first == second
    assert first.model == "demo" and first.api_key.startswith("isk_") and first.api_key not in repr(first)
    assert (tmp_path / "api-key").read_text().strip() == first.api_key


async def test_a_key_of_another_store_is_replaced(tmp_path: Path) -> None:
    [first] = await run(DataDir(tmp_path), default_config(), DEMO)
    [second] = await run(DataDir(tmp_path), default_config(), DEMO)
    assert first.api_key != second.api_key


async def test_a_large_configuration_is_applied_in_the_order_of_its_references(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    credentials = [
        f"kind: Credential\nmetadata: {{name: c{number}}}\n"
        f"spec: {{applicationRef: {{name: last}}, hash: 'sha256:{number:064x}'}}"
        for number in range(50)
    ]
    config.write_text("\n---\n".join([*credentials, "kind: Application\nmetadata: {name: last}"]))
    [prepared] = await run(DataDir(tmp_path), config, [])
    assert prepared.model == "" and prepared.api_key.startswith("isk_")


async def test_a_configuration_without_an_application_has_no_key(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("kind: Team\nmetadata: {name: team}")
    [prepared] = await run(DataDir(tmp_path), config, [])
    assert prepared.api_key == ""
