"""Which fields of an upstream's answer reach the client, and heads that come again. Source: RFC 9110, 7.6.1."""

# Ours alone. Readers of CGI-like variables cannot tell `_` from `-`.
RESERVED = (b"x-isthmus-", b"x_isthmus_", b"x-isthmus_", b"x_isthmus-")
FRAMING = frozenset((b"connection", b"content-length", b"transfer-encoding"))  # read here, and never relayed
CODING = b"content-encoding"
HOP_BY_HOP = frozenset(
    b"keep-alive proxy-authenticate proxy-authentication-info proxy-connection te trailer upgrade".split()
)
# `alt-svc` would lead clients past the gateway.
DROPPED_OF_SERVICES = HOP_BY_HOP | {b"alt-svc"}
# What tells whose account is used and what runs behind, or what only the gateway may ask of its clients.
# `content-encoding` goes with the coding: meters and filters read what providers say.
DROPPED_OF_PROVIDERS = DROPPED_OF_SERVICES | frozenset(
    b"content-encoding access-control-allow-credentials access-control-allow-headers access-control-allow-methods "
    b"access-control-allow-origin access-control-expose-headers access-control-max-age anthropic-organization-id "
    b"authentication-info cf-cache-status cf-ray clear-site-data nel openai-organization openai-project report-to "
    b"reporting-endpoints server server-timing set-cookie strict-transport-security via www-authenticate "
    b"x-envoy-upstream-service-time x-powered-by".split()
)

MAX_NAMES = 1024
MAX_NAME_BYTES = 64
MAX_HEADS = 64
MAX_HEAD_BYTES = 1024
PAUSE = 4096  # answers, after which it is tried again whether heads repeat

Fields = list[tuple[bytes, bytes]]
Known = tuple[int, Fields, bytes, int]  # status, fields, the same as lines, length of the body


class FieldNames(dict[bytes, bytes | None]):
    """By a name as it was sent: the name to relay, nothing for what is not relayed, None for what frames the answer.

    Where `content-encoding` is not relayed, it is read as framing is.
    """

    def __init__(self, drops: frozenset[bytes]) -> None:
        super().__init__()
        self._drops = drops
        self._read = FRAMING | ({CODING} & drops)

    def __missing__(self, sent: bytes) -> bytes | None:
        name: bytes | None = sent.lower()
        if name in self._read:
            name = None
        elif name in self._drops or sent.lower().startswith(RESERVED):
            name = b""
        if len(sent) <= MAX_NAME_BYTES:
            if len(self) >= MAX_NAMES:
                self.clear()
            self[sent] = name
        return name


class KnownHeads:
    """Heads that one endpoint has sent more than once, each read in full before: the same bytes mean the same.

    Upstreams of many short answers change their head once a second, with its date. Where no head ever comes again,
    `by_head` is empty, and nothing is looked for; `pause` is the number of answers that need not even be noted.
    """

    __slots__ = ("_repeats", "_seen", "by_head", "pause")

    def __init__(self) -> None:
        self.by_head: dict[bytes, Known] = {}
        self._seen: set[int] = set()  # hashes of heads that came once
        self._repeats = False
        self.pause = 0

    def note(self, head: bytes, status: int, fields: Fields, length: int) -> None:
        """Take a head that has just been read in full."""
        if len(head) > MAX_HEAD_BYTES:
            return
        seen = hash(head)
        if seen in self._seen:
            self._repeats = True
            if len(self.by_head) >= MAX_HEADS:
                self.by_head.clear()
            lines = b"".join([b"%b: %b\r\n" % field for field in fields])
            self.by_head[head] = (status, list(fields), lines, length)
        elif len(self._seen) < MAX_HEADS:
            self._seen.add(seen)
        else:
            if not self._repeats:
                self.pause = PAUSE
                self.by_head.clear()
            self._repeats = False
            self._seen.clear()
