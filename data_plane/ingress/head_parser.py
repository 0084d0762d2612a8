"""llhttp, asked about one head at a time."""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from data_plane.errors import BadRequest, VersionNotSupported
from data_plane.identity.client_address import PROXY_FIELDS

SINGLETONS = frozenset(
    (b"authorization", b"content-length", b"content-type", b"expect", b"host", b"transfer-encoding", b"upgrade")
)
OWN_PREFIX = b"x-isthmus-"
MAX_NAMES = 1024
MAX_NAME_BYTES = 64
DISGUISED = b""  # instead of a name that a CGI-like upstream would take for another, as `X_Isthmus_Tenant`


class FieldNames(dict[bytes, bytes]):
    """Names of fields by how clients write them. Clients write few."""

    def __missing__(self, written: bytes) -> bytes:
        name = written.lower()
        meant = name.replace(b"_", b"-")
        if meant != name and (meant.startswith(OWN_PREFIX) or meant in PROXY_FIELDS):
            name = DISGUISED
        if len(written) <= MAX_NAME_BYTES:
            if len(self) >= MAX_NAMES:
                self.clear()
            self[written] = name
        return name


NAMES = FieldNames()


class HeadFields:
    """What the parser reports of a head; it calls what is written in C, at half the cost of Python functions.

    Knows no parser: the two would be a cycle, which only the garbage collector ends.
    """

    __slots__ = ("on_header", "on_headers_complete", "pending", "written")

    def __init__(self) -> None:
        self.written: dict[bytes, bytes] = {}  # of names that repeat, the first only
        self.pending = [None]  # empty once the head is whole
        self.on_header = self.written.setdefault
        self.on_headers_complete = self.pending.pop


class _AllFields:
    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}

    def on_header(self, written: bytes, value: bytes) -> None:
        name, headers = NAMES[written], self.headers
        if name in headers:
            if name in SINGLETONS:
                raise BadRequest(f"more than one '{name.decode()}' field")
            # Their number is bounded by then: joining thousands would take quadratic time.
            value = headers[name] + (b"; " if name == b"cookie" else b", ") + value
        headers[name] = value


def parse(parser: HttpRequestParser, data: bytes) -> None:
    """Give a parser the next bytes, which are of a head.

    Raises:
        GatewayError: it is malformed.
    """
    try:
        parser.feed_data(data)
    except HttpParserUpgrade:  # told at the end of the head; not taken
        pass
    except HttpParserError as error:
        if isinstance(error.__context__, BadRequest):
            raise error.__context__ from None
        if "Invalid HTTP version" in str(error):
            raise VersionNotSupported("the gateway speaks HTTP/1.1") from None
        raise BadRequest(f"malformed request: {error}") from None


def headers_of(fields: HeadFields, head: bytes, count: int) -> dict[bytes, bytes]:
    """The fields of a whole head, `count` lines, by lower-case name; those that repeat are joined."""
    if fields.pending:
        raise BadRequest("malformed request head")
    names = NAMES
    headers = {names[written]: value for written, value in fields.written.items()}
    if len(headers) != count:
        found = _AllFields()
        parse(HttpRequestParser(found), head)
        headers = found.headers
    if DISGUISED in headers:
        del headers[DISGUISED]
    return headers
