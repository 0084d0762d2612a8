"""Multipart forms, read as they come and left as they are. Source: RFC 7578, RFC 2046 5.1.

What two readers could read differently is refused: a boundary that stands anywhere but at the beginning of a line, line
feeds alone, preambles, names in escapes, a wanted field that stands twice.
"""

import re
from enum import Enum

MAX_HEAD_BYTES = 8 * 1024  # of one part
MAX_FIELD_BYTES = 64 * 1024  # of a field that is read
MAX_PARTS = 256
MEDIA_TYPE = re.compile(rb"\s*multipart/form-data\s*;(.*)", re.IGNORECASE | re.DOTALL)
BOUNDARY = re.compile(rb"""\s*boundary=(?:"([^"\\]{1,70})"|([^\s";,]{1,70}))\s*;?\s*""", re.IGNORECASE)
BOUNDARY_CHARACTERS = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
FIELD = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
NAME = re.compile(rb"[A-Za-z0-9_.\-\[\]]{1,128}")
# A parameter of `content-disposition`; in quotes, browsers write `%22` for a quote, others a backslash before it.
PARAMETER = re.compile(rb"""\s*;\s*([A-Za-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))""")
FORM_DATA = re.compile(rb"\s*form-data", re.IGNORECASE)
FILE = "file"  # of which every API that has it takes one
FORBIDDEN_FIELDS = frozenset((b"content-transfer-encoding", b"content-encoding"))  # RFC 7578 4.7
END = b"\r\n"
DASHES = b"--"


class Malformed(Exception):
    """The text says what is wrong; it holds no values."""


class State(Enum):
    BEGIN = "begin"  # before the first boundary
    BEHIND_BOUNDARY = "behind boundary"  # a line end, or the dashes of the last one
    HEAD = "head"
    BODY = "body"
    EPILOGUE = "epilogue"


BEGIN, BEHIND_BOUNDARY, HEAD, BODY, EPILOGUE = State


def find_boundary(content_type: bytes) -> bytes | None:
    """The boundary that a media type names; None: it is no form.

    Raises:
        Malformed: it is a form whose boundary cannot be read in one way.
    """
    parameters = MEDIA_TYPE.fullmatch(content_type)
    if parameters is None:
        return None
    found = [each for each in parameters[1].split(b";") if each.strip()]
    named = [each for each in found if each.strip().lower().startswith(b"boundary")]
    match = BOUNDARY.fullmatch(named[0]) if len(named) == 1 else None
    boundary = (match[1] or match[2]) if match is not None else b""
    if BOUNDARY_CHARACTERS.fullmatch(boundary) is None:
        raise Malformed("`content-type` must name one `boundary` of 1 to 70 characters")
    return boundary


class FormReader:
    """One body's. Keeps the values of the `wanted` fields and where they stand, and nothing of the others.

    After `feed` has raised, it is of no more use.
    """

    __slots__ = (
        "_buffer",
        "_delimiter",
        "_file",
        "_name",
        "_offset",
        "_parts",
        "_start",
        "_state",
        "_value",
        "_wanted",
        "fields",
        "files",
        "has_file",
        "places",
    )

    def __init__(self, boundary: bytes, wanted: frozenset[str]) -> None:
        self.fields: dict[str, bytes] = {}  # those that are whole
        self.places: dict[str, tuple[int, int]] = {}  # of their values in the body
        self.files: dict[str, tuple[int, int]] = {}  # places of the contents of files that are whole, by field
        self.has_file = False  # whether a part with a file name has begun
        self._delimiter = DASHES + boundary
        self._wanted = wanted
        self._state = BEGIN
        self._buffer = b""
        self._offset = 0  # in the body, of the buffer's first byte
        self._name = ""  # of the part, if it is wanted
        self._file = ""  # of the part, if it is a file
        self._start = 0  # of its value
        self._value: list[bytes] = []
        self._parts = 0

    @property
    def is_whole(self) -> bool:
        """Whether the last boundary has come."""
        return self._state is EPILOGUE

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body.

        Raises:
            Malformed: it is no form, or can be read in more than one way.
        """
        self._buffer += data
        goes_on = True
        while goes_on:
            state = self._state
            if state is BODY:
                goes_on = self._read_body()
            elif state is HEAD:
                goes_on = self._read_head()
            elif state is BEHIND_BOUNDARY:
                goes_on = self._read_behind_boundary()
            elif state is BEGIN:
                goes_on = self._read_begin()
            else:
                self._read_epilogue()
                return

    def close(self) -> None:
        """The body has ended.

        Raises:
            Malformed: too early.
        """
        if not self.is_whole or self._buffer == b"\r":
            raise Malformed("the form ends before its last boundary")

    def _skip(self, count: int) -> None:
        self._buffer = self._buffer[count:]
        self._offset += count

    def _read_begin(self) -> bool:
        delimiter, buffer = self._delimiter, self._buffer
        if len(buffer) < len(delimiter):
            if not delimiter.startswith(buffer):
                raise Malformed("the form must begin with its boundary")
            return False
        if not buffer.startswith(delimiter):
            raise Malformed("the form must begin with its boundary")
        self._skip(len(delimiter))
        self._state = BEHIND_BOUNDARY
        return True

    def _read_behind_boundary(self) -> bool:
        after = self._buffer[:2]
        if len(after) < 2:
            return False
        if after == END:
            self._parts += 1
            if self._parts > MAX_PARTS:
                raise Malformed(f"the form has more than {MAX_PARTS} parts")
            self._state = HEAD
        elif after == DASHES:
            self._state = EPILOGUE
        else:
            raise Malformed("the boundary must stand on a line of its own, and nowhere else")
        self._skip(2)
        return True

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n", 0, MAX_HEAD_BYTES + 4)
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES + 3:
                raise Malformed(f"the head of a part has more than {MAX_HEAD_BYTES} bytes")
            return False
        name, is_file = _read_part_head(self._buffer[:end])
        self.has_file = self.has_file or is_file
        self._skip(end + 4)
        self._start = self._offset
        self._name = ""
        self._file = name if is_file else ""
        if self._file == FILE and FILE in self.files:
            raise Malformed("`file` stands twice in the form")
        if name in self._wanted:
            if is_file:
                raise Malformed(f"`{name}` must be a field, not a file")
            if name in self.places:
                raise Malformed(f"`{name}` stands twice in the form")
            self._name = name
            self.places[name] = (self._start, self._start)
        self._state = BODY
        return True

    def _read_body(self) -> bool:
        delimiter, buffer = self._delimiter, self._buffer
        at = buffer.find(delimiter)
        if at < 0:
            kept = len(delimiter) + 1  # a line end, and all but the last byte of a boundary, may have come
            if len(buffer) > kept:
                self._take(len(buffer) - kept)
            return False
        if at < 2 or buffer[at - 2 : at] != END:
            raise Malformed("the boundary must stand on a line of its own, and nowhere else")
        self._take(at - 2)
        if self._name:
            self.fields[self._name] = b"".join(self._value)
            self.places[self._name] = (self._start, self._offset)
            self._value = []
        elif self._file:
            self.files[self._file] = (self._start, self._offset)
        self._skip(2 + len(delimiter))
        self._state = BEHIND_BOUNDARY
        return True

    def _take(self, count: int) -> None:
        """Bytes of a part that are certainly its own."""
        if self._name:
            if self._offset + count - self._start > MAX_FIELD_BYTES:
                raise Malformed(f"`{self._name}` has more than {MAX_FIELD_BYTES} bytes")
            self._value.append(self._buffer[:count])
        self._skip(count)

    def _read_epilogue(self) -> None:
        if not END.startswith(self._buffer):
            raise Malformed("nothing may stand behind the last boundary")


def _read_part_head(head: bytes) -> tuple[str, bool]:
    """The name of a part, and whether it is a file."""
    disposition = b""
    for line in head.split(END):
        field = FIELD.fullmatch(line)
        if field is None:
            raise Malformed("the head of a part is malformed")
        name = field[1].lower()
        if name in FORBIDDEN_FIELDS:
            raise Malformed(f"a part may not have `{name.decode()}`")
        if name == b"content-disposition":
            if disposition:
                raise Malformed("a part has two `content-disposition`")
            disposition = field[2]
    return _read_disposition(disposition)


def _read_disposition(value: bytes) -> tuple[str, bool]:
    kind = FORM_DATA.match(value)
    at = kind.end() if kind is not None else -1
    parameters: dict[bytes, bytes] = {}
    while 0 <= at < len(value.rstrip()):
        parameter = PARAMETER.match(value, at)
        if parameter is None or parameter[1].lower() in parameters:
            raise Malformed("the `content-disposition` of a part is malformed")
        parameters[parameter[1].lower()] = parameter[2] if parameter[2] is not None else parameter[3]
        at = parameter.end()
    name = parameters.get(b"name", b"")
    if at < 0 or NAME.fullmatch(name) is None:
        raise Malformed(
            "each part must have `content-disposition: form-data` with a `name` of letters, digits and `_.-[]`"
        )
    if not parameters.keys() <= {b"name", b"filename", b"filename*"}:
        raise Malformed("the `content-disposition` of a part may have `name` and `filename` only")
    return name.decode(), len(parameters) > 1
