"""Ids of requests: those that clients give are kept if they are what they should be, else as if never sent.

Source: W3C Trace Context level 2, sections 3.2 and 3.3.
"""

import re
from random import getrandbits

is_own_id = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}").fullmatch
is_foreign_id = re.compile(rb"[!-~]{1,128}").fullmatch
match_trace_parent = re.compile(
    rb"(?!ff)([0-9a-f]{2})-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[!-~]{0,128})?"
).fullmatch
is_trace_member = re.compile(rb"[a-z0-9][a-z0-9_*/@-]{0,255}=[ -+\x2d-<>-~]{0,255}[!-+\x2d-<>-~]").fullmatch
MAX_TRACE_STATE_BYTES = 512  # what has to be passed on; of more, nobody could tell which part
MAX_TRACE_MEMBERS = 32


def request_id() -> str:
    return getrandbits(64).to_bytes(8, "big").hex()  # 0.15 us; uuid4 costs 2, and no secret depends on it


def keep_valid_ids(headers: dict[bytes, bytes]) -> None:
    """Drop the id fields that are malformed. A `tracestate` stays only with its `traceparent`."""
    own = headers.get(b"x-isthmus-request-id")
    if own is not None and not is_own_id(own):
        del headers[b"x-isthmus-request-id"]
    foreign = headers.get(b"x-request-id")
    if foreign is not None and not is_foreign_id(foreign):
        del headers[b"x-request-id"]
    parent = headers.get(b"traceparent")
    if parent is not None and not _is_trace_parent(parent):
        del headers[b"traceparent"]
        parent = None
    state = headers.get(b"tracestate")
    if state is not None and (parent is None or not _is_trace_state(state)):
        del headers[b"tracestate"]


def _is_trace_parent(value: bytes) -> bool:
    match = match_trace_parent(value)
    return match is not None and (match[2] is None or match[1] != b"00")  # later versions may append something


def _is_trace_state(value: bytes) -> bool:
    members = [member.strip(b" \t") for member in value.split(b",")]
    return (
        len(value) <= MAX_TRACE_STATE_BYTES
        and len(members) <= MAX_TRACE_MEMBERS
        and all(not member or is_trace_member(member) for member in members)
    )
