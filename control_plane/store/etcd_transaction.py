"""A transaction in etcd, repeated after a lost answer without ever being made twice.

The rule: a transaction that puts a key whose revision it compares cannot be made twice, since the first time changes
that revision. So it is repeated after a lost answer. If the repeat finds a comparison to fail, the written keys are
read in one revision: if they hold exactly what was to be written, all puts of one revision, the first attempt was made
and its revision is the result. If not, the first attempt was made and then overwritten, or was never made: that cannot
be told apart, so the outcome is reported as unknown. Other transactions are not repeated.
"""

from collections.abc import Sequence

from isthmus.etcd.v1 import etcd_pb2 as pb

from control_plane.etcd.client import EtcdClient
from control_plane.etcd.errors import EtcdError, Kind
from control_plane.etcd.methods import TRANSACT
from control_plane.store.base import Compare, Conflict, Entry, Put, Unavailable, Write
from control_plane.store.transaction import check_transaction


async def transact(client: EtcdClient, compares: Sequence[Compare], writes: Sequence[Write]) -> int:
    """As `Store.transact`, but for etcd's own errors."""
    check_transaction(compares, writes)
    request = pb.TxnRequest(
        compare=[_compare(compare) for compare in compares],
        success=[_write(write) for write in writes],
        failure=[_read(compare.key, keys_only=True) for compare in compares],
    )
    deadline = client.deadline()
    try:
        answer = await client.call(TRANSACT, request, once=True, deadline=deadline)
    except EtcdError as error:
        if error.kind is not Kind.UNAVAILABLE or not _is_repeatable(compares, writes) or client.is_closed():
            raise
        answer = await client.call(TRANSACT, request, deadline=deadline)
        if not answer.succeeded:
            return await _settle(client, writes, _conflict(compares, answer), deadline)
    if not answer.succeeded:
        raise _conflict(compares, answer)
    return answer.header.revision


async def _settle(client: EtcdClient, writes: Sequence[Write], conflict: Conflict, deadline: float) -> int:
    """The revision of the attempt whose answer was lost, if its writes are seen."""
    request = pb.TxnRequest(success=[_read(write.key) for write in writes])
    answer = await client.call(TRANSACT, request, deadline=deadline)
    found = [to_entry(kv) for response in answer.responses for kv in response.response_range.kvs]
    if revision := _revision_of(writes, found):
        return revision
    raise Unavailable(f"etcd: an answer was lost, and now {conflict}; whether the transaction was made is unknown")


def _is_repeatable(compares: Sequence[Compare], writes: Sequence[Write]) -> bool:
    put = {write.key for write in writes if isinstance(write, Put)}
    return any(compare.key in put and compare.revision is not None for compare in compares)


def _revision_of(writes: Sequence[Write], found: Sequence[Entry]) -> int:
    """The one revision in which `found` was written, if it is just what `writes` leave behind; else 0."""
    expected = [(write.key, write.value, write.lease) for write in writes if isinstance(write, Put)]
    if sorted(expected) != sorted((entry.key, entry.value, entry.lease) for entry in found):
        return 0
    revisions = {entry.revision for entry in found}
    return revisions.pop() if len(revisions) == 1 else 0


def _conflict(compares: Sequence[Compare], answer: pb.TxnResponse) -> Conflict:
    for compare, response in zip(compares, answer.responses, strict=True):
        kvs = response.response_range.kvs
        revision = kvs[0].mod_revision if kvs else 0
        if revision != compare.revision and not (compare.revision is None and revision):
            return Conflict(compare.key, revision)
    raise EtcdError(Kind.INVALID, "a transaction failed although every comparison holds")


def to_entry(kv: pb.KeyValue) -> Entry:
    return Entry(kv.key.decode(), kv.value, kv.mod_revision, kv.create_revision, kv.lease)


def _compare(compare: Compare) -> pb.Compare:
    if compare.revision is None:
        return pb.Compare(key=compare.key.encode(), target=pb.Compare.MOD, result=pb.Compare.GREATER, mod_revision=0)
    return pb.Compare(
        key=compare.key.encode(), target=pb.Compare.MOD, result=pb.Compare.EQUAL, mod_revision=compare.revision
    )


def _write(write: Write) -> pb.RequestOp:
    if isinstance(write, Put):
        put = pb.PutRequest(key=write.key.encode(), value=write.value, lease=write.lease)
        return pb.RequestOp(request_put=put)
    return pb.RequestOp(request_delete_range=pb.DeleteRangeRequest(key=write.key.encode()))


def _read(key: str, *, keys_only: bool = False) -> pb.RequestOp:
    return pb.RequestOp(request_range=pb.RangeRequest(key=key.encode(), keys_only=keys_only))
