"""Undoing whole writes: what `isthmus apply --rollback-on-failure` calls."""

from aiohttp import web

from control_plane.api.call import Call, answer, parse_request
from control_plane.api.schema import RevertAnswer, RevertOutcome, RevertRequest
from control_plane.store.revert import Reverted, Reverting


class RevertEndpoint:
    """Puts back what writes have changed."""

    def __init__(self, reverting: Reverting) -> None:
        self._reverting = reverting

    async def revert(self, call: Call) -> web.Response:
        request = parse_request(RevertRequest, await call.document())
        result = await self._reverting.revert(request.revisions, actor=call.actor)
        return answer(RevertAnswer(revision=result.revision, outcomes=tuple(map(_show, result.outcomes))))


def _show(outcome: Reverted) -> RevertOutcome:
    tenant, kind, name = outcome.name
    return RevertOutcome(action=outcome.action, kind=kind, tenant=tenant, name=name, reason=outcome.reason)
