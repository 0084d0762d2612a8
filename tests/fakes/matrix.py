"""Runs the matrix: every client through the gateway to every provider, one conversation for each feature."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from tests.fakes.matrix_client import ALL, NEWEST, Client
from tests.fakes.matrix_gateway import RealGateway
from tests.fakes.matrix_judge import (
    ABSENT,
    FAIL,
    LOSSY,
    PASS,
    REFUSED,
    Case,
    Verdict,
    is_refused,
    is_refused_by_provider,
    problems,
)
from tests.fakes.matrix_operations import GROUPS, Group
from tests.fakes.matrix_provider import COLUMNS, Column, column_named
from tests.fakes.matrix_scenario import Json, Scenario
from tests.fakes.matrix_scenarios import CORE, SCENARIOS
from tests.fakes.provider_stage import Stage
from tests.fakes.sdk_process import SdkProcess

Cell = tuple[str, str, str]  # client, provider, feature


class Matrix:
    """`verdicts` fills as it runs; `versions` of SDKs, by client."""

    def __init__(self, stage: Stage, gateway: RealGateway) -> None:
        self._stage = stage
        self._gateway = gateway
        self.verdicts: dict[Cell, Verdict] = {}
        self.versions: dict[str, str] = {}

    async def run(self, clients: Iterable[Client], columns: Sequence[Column], scenarios: Sequence[Scenario]) -> None:
        """All clients at once, each with one conversation at a time."""
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(self._run_client(client, columns, scenarios))

    async def _run_client(self, client: Client, columns: Sequence[Column], scenarios: Sequence[Scenario]) -> None:
        async with SdkProcess(client) as process:
            for column in columns:
                for scenario in scenarios:
                    if not is_looked_at(client, column, scenario):
                        continue
                    case = Case(client, column, scenario)
                    self.verdicts[client.name, column.name, scenario.name] = await self._judge(process, case)

    async def _judge(self, process: SdkProcess, case: Case) -> Verdict:
        only = case.scenario.only
        is_absent = case.scenario.name.startswith(case.provider.lacks) if case.provider.lacks else False
        if is_absent or (only and case.client.wire not in only) or not case.client.can(case.scenario.name):
            return Verdict(ABSENT)
        word, found = await self._attempt(process, case, is_lossy=False)
        if word != REFUSED:
            return Verdict(word, found)
        again, more = await self._attempt(process, case, is_lossy=True)
        if again == PASS:
            return Verdict(LOSSY, found)
        return Verdict(REFUSED, found) if again == REFUSED else Verdict(FAIL, ("lossy:", *more))

    async def _attempt(self, process: SdkProcess, case: Case, *, is_lossy: bool) -> tuple[str, tuple[str, ...]]:
        scenario, column = case.scenario, case.column
        run = self._stage.begin(scenario)
        outcome = await process.perform(
            {
                "conversation": scenario.to_text(),
                "mark": run.id,
                "url": self._gateway.url(is_lossy=is_lossy),
                "model": self._gateway.model(case.at(0).column, thinks=scenario.thinks),
                "next_model": self._gateway.model(column, thinks=scenario.thinks),
                "key": self._gateway.key,
            }
        )
        self.versions[process.client.name] = outcome["version"]
        if is_refused(outcome):
            return REFUSED, (_reason(outcome),)
        if is_refused_by_provider(case, run, outcome):
            return REFUSED, (f"by the provider: {run.refusals[0]}",)
        found = problems(case, run, outcome, is_lossy=is_lossy)
        return (FAIL if found else PASS), tuple(found)


def is_looked_at(client: Client, column: Column, scenario: Scenario) -> bool:
    """Everything of the newest SDKs with providers that are like no other; of the rest a part."""
    if scenario.family != "generate":
        return True
    if scenario.begins_at:
        return client.driver in NEWEST and column.name != scenario.begins_at and not column.of
    if column.of:
        return client.name in NEWEST and scenario.name in CORE
    return client.name in NEWEST or column.name in ("OpenAI", "Anthropic") or scenario.name in CORE


def _reason(outcome: Json) -> str:
    body = outcome["error"]["body"]
    if isinstance(body, dict):
        inner = body.get("error", body)
        if isinstance(inner, dict) and "message" in inner:
            return str(inner["message"])
    return str(outcome["error"]["message"])


EVERYTHING = (Group("Conversations", ALL, COLUMNS, tuple(SCENARIOS.values())), *GROUPS)


async def run_all(folder: Path, names: Collection[str] = ()) -> tuple[dict[Cell, Verdict], dict[str, str]]:
    """Every cell of the columns with these names, or of all: verdicts, and versions of SDKs."""
    stage = Stage()
    groups = [(group, [each for each in group.columns if each.name in names or not names]) for group in EVERYTHING]
    begins = [column_named(each.begins_at) for each in SCENARIOS.values() if each.begins_at]
    chosen = [*begins, *(column for _, columns in groups for column in columns)]
    async with RealGateway(folder, stage, list({column.name: column for column in chosen}.values())) as gateway:
        matrix = Matrix(stage, gateway)
        for group, columns in groups:
            if columns:
                await matrix.run(group.clients, columns, group.scenarios)
    return matrix.verdicts, matrix.versions


async def run_some(
    folder: Path, clients: Iterable[Client], columns: Sequence[Column], scenarios: Sequence[Scenario]
) -> tuple[dict[Cell, Verdict], dict[str, str]]:
    """Through a gateway of its own."""
    stage = Stage()
    async with RealGateway(folder, stage, columns) as gateway:
        matrix = Matrix(stage, gateway)
        await matrix.run(clients, columns, scenarios)
    return matrix.verdicts, matrix.versions
