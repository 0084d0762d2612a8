"""From applied to in force: waits until replicas serve what was applied, and puts back what was there before."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from config_schemas.registry import KINDS
from control_plane.cli.batch import outcome_name
from control_plane.cli.client import Client, Json
from control_plane.cli.errors import CliError, ExitCode
from control_plane.cli.kinds import item_path

POLL_SECONDS = 0.25
AT_ONCE = 8  # resources that are read at the same time
REVERT_SECONDS = 60.0  # for the control plane to come back, if it is away just then
HOPELESS = ("Quarantined", "ReplicaTooOld", "SecretUnreadable")  # reasons that no waiting ends

State = Literal["Waiting", "Programmed", "NotServed", "Changed", "Failed"]


@dataclass(slots=True)
class Applied:
    """One resource that was applied. `revision` is that of its newest version then; of a deletion, that of the write.

    `NotServed`: no connected replica carries it. `Changed`: somebody else has changed it since.
    """

    name: str
    path: str
    revision: int
    is_changed: bool
    is_deleted: bool
    state: State = "Waiting"
    reason: str = ""

    @classmethod
    def of(cls, outcome: Json, write: int) -> "Applied":
        after = outcome["after"]
        return cls(
            outcome_name(outcome),
            item_path(KINDS[outcome["kind"]], outcome["tenant"], outcome["name"]),
            int(after["metadata"]["revision"]) if after else write,
            outcome["action"] != "unchanged",
            after is None,
        )

    @property
    def is_settled(self) -> bool:
        return self.state in ("Programmed", "NotServed", "Changed")


@dataclass(slots=True)
class Rollout:
    """Resources on their way to replicas. `replicas` is how many are connected."""

    resources: Sequence[Applied]
    required_replicas: int = 0
    replicas: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        return self.replicas >= self.required_replicas and all(each.is_settled for each in self.resources)

    @property
    def has_failed(self) -> bool:
        """What was broken before does not keep us from seeing what becomes of the rest."""
        failed = [each for each in self.resources if each.state == "Failed"]
        is_open = any(each.state == "Waiting" for each in self.resources)
        return any(each.is_changed for each in failed) or (bool(failed) and not is_open)

    def waiting(self) -> list[Applied]:
        return [each for each in self.resources if not each.is_settled]

    def open(self) -> list[Applied]:
        """What may still be seen otherwise: a replica that connects may carry what none did."""
        return [each for each in self.resources if each.state not in ("Programmed", "Changed")]

    def progress(self) -> str:
        """One line for people."""
        waiting = self.waiting()
        line = f"{len(self.resources) - len(waiting)} of {len(self.resources)} in force on {self.replicas} replicas"
        if waiting:
            more = f" and {len(waiting) - 1} more" if len(waiting) > 1 else ""
            return f"{line}; {waiting[0].name}: {waiting[0].reason or 'not looked at yet'}{more}"
        if self.replicas < self.required_replicas:
            return f"{line}; {self.required_replicas} replicas are required"
        return line


async def wait_until_programmed(
    client: Client, rollout: Rollout, *, timeout_seconds: float, say: Callable[[str], None]
) -> None:
    """Until all is in force, something can never be, or the time is over: `rollout` has what was seen last."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    said = ""
    while True:
        try:
            await _look(client, rollout)
            line = rollout.progress()
        except CliError as error:
            if error.code is not ExitCode.UNREACHABLE:
                raise
            line = error.message
        if line != said:
            said = line
            say(line)
        if rollout.is_done or rollout.has_failed or loop.time() >= deadline:
            return
        await asyncio.sleep(min(POLL_SECONDS, max(0.0, deadline - loop.time())))


async def revert(client: Client, revisions: Sequence[int], say: Callable[[str], None]) -> Json:
    """Undo writes; asks again while the control plane is away.

    Raises:
        CliError: it cannot be asked; what is undone is not known.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + REVERT_SECONDS
    while True:
        try:
            return await client.request("POST", "/v1/batch/revert", body={"revisions": list(revisions)})
        except CliError as error:
            if error.code is not ExitCode.UNREACHABLE or loop.time() >= deadline:
                raise
            say(f"{error.message}; trying again")
        await asyncio.sleep(1.0)


async def _look(client: Client, rollout: Rollout) -> None:
    replicas = [each for each in (await client.request("GET", "/v1/replicas"))["items"] if each["connected"]]
    rollout.replicas = len(replicas)
    still_open = iter([each for each in rollout.open() if not each.is_deleted])
    while some := list(islice(still_open, AT_ONCE)):
        await asyncio.gather(*(_look_at(client, each) for each in some))
    for deleted in (each for each in rollout.open() if each.is_deleted):
        behind = [
            each["node"] for each in replicas if each["state"] != "Current" and each["revision"] < deleted.revision
        ]
        deleted.state = "Waiting" if behind else "Programmed"
        deleted.reason = f"still served by {len(behind)} replicas, as `{behind[0]}`" if behind else ""
    rollout.problems = [
        f"replica {each['node']} refuses {refused['resource'] or 'an update'}: {refused['reason']}"
        for each in replicas
        for refused in each["rejected"]
    ]


async def _look_at(client: Client, applied: Applied) -> None:
    try:
        document = await client.request("GET", applied.path)
    except CliError as error:
        if error.code is not ExitCode.NOT_FOUND:
            raise
        applied.state, applied.reason = "Changed", "somebody has deleted it since"
        return
    revision = int(document["metadata"]["revision"])
    if revision != applied.revision:
        applied.state, applied.reason = "Changed", f"somebody has changed it since; it is at revision {revision}"
        return
    conditions = {each["type"]: each for each in document["status"]["conditions"]}
    programmed = conditions["Programmed"]
    applied.reason = "" if programmed["status"] == "True" else str(programmed["message"])
    applied.state = _state(programmed)


def _state(programmed: Json) -> State:
    if programmed["status"] == "True":
        return "Programmed"
    if programmed["reason"] == "NoReplicas":
        return "NotServed"
    return "Failed" if programmed["reason"] in HOPELESS else "Waiting"
