"""Admin tokens, and the audit log."""

from aiohttp import web

from control_plane.api.call import Call, answer, parse_request
from control_plane.api.schema import (
    AuditChange,
    AuditPage,
    AuditRecord,
    ListMetadata,
    Token,
    TokenCreated,
    TokenList,
    TokenRequest,
)
from control_plane.audit.log import AuditEntry, AuditLog
from control_plane.identity.tokens import AdminTokens, TokenInfo


class AdministrationEndpoints:
    """For the scope `admin`."""

    def __init__(self, tokens: AdminTokens, audit_log: AuditLog) -> None:
        self._tokens = tokens
        self._audit_log = audit_log

    async def list_tokens(self, call: Call) -> web.Response:
        return answer(TokenList(items=tuple(map(_token, await self._tokens.list()))))

    async def create_token(self, call: Call) -> web.Response:
        request = parse_request(TokenRequest, await call.document())
        text, info = await self._tokens.create(
            request.scopes, actor=call.actor, description=request.description, expires_at=request.expires_at
        )
        return answer(TokenCreated(token=text, details=_token(info)), status=201)

    async def revoke_token(self, call: Call) -> web.Response:
        await self._tokens.revoke(call.request.match_info["id"], actor=call.actor)
        return web.Response(status=204)

    async def audit(self, call: Call) -> web.Response:
        page = await self._audit_log.list(
            limit=call.query.limit(), token=call.query.text("continue"), tenant=call.query.text("tenant") or None
        )
        revision = max((entry.revision for entry in page.entries), default=0)
        metadata = ListMetadata(revision=revision, continue_token=page.token)
        return answer(AuditPage(items=tuple(map(_entry, page.entries)), metadata=metadata))


def _token(info: TokenInfo) -> Token:
    return Token(
        id=info.id,
        description=info.description,
        scopes=info.scopes,
        created_at=info.created_at,
        created_by=info.created_by,
        expires_at=info.expires_at,
    )


def _entry(entry: AuditEntry) -> AuditRecord:
    return AuditRecord(
        id=entry.id,
        time=entry.time,
        actor=entry.actor,
        request_id=entry.request_id,
        revision=entry.revision,
        changes=tuple(
            AuditChange(
                action=change.action,
                kind=change.kind,
                tenant=change.tenant,
                name=change.name,
                before_revision=change.before_revision,
                after_revision=change.after_revision,
            )
            for change in entry.changes
        ),
        reverts=entry.reverts,
    )
