"""Forms: what is found in them, and what is refused because two readers could read it differently."""

import random
from email.parser import BytesParser

from pytest import mark, param, raises

from data_plane.codecs.multipart import MAX_FIELD_BYTES, MAX_PARTS, FormReader, Malformed, find_boundary

WANTED = frozenset(("model", "stream"))
BOUNDARY = b"b0undary"


def part(name: str, value: bytes, extra: bytes = b"") -> bytes:
    return b'--b0undary\r\ncontent-disposition: form-data; name="%b"%b\r\n\r\n%b\r\n' % (name.encode(), extra, value)


def form(*parts: bytes, end: bytes = b"--b0undary--\r\n") -> bytes:
    return b"".join(parts) + end


MODEL = part("model", b"whisper")
CONTENT = b"\x00\r\n--b0und\r\n\r\nRIFF--b0undar"
FILE = part("file", CONTENT, b'; filename="a \\"b\\".wav"\r\nContent-Type: audio/wav')


def read(body: bytes, step: int = 1 << 20) -> FormReader:
    reader = FormReader(BOUNDARY, WANTED)
    for at in range(0, len(body), step):
        reader.feed(body[at : at + step])
    reader.close()
    return reader


@mark.parametrize("step", [1, 2, 7, 1 << 20], ids=["byte by byte", "in twos", "in sevens", "at once"])
@mark.parametrize(
    "body, fields",
    [
        param(form(MODEL, FILE), {"model": b"whisper"}, id="model first"),
        param(form(FILE, MODEL), {"model": b"whisper"}, id="file first"),
        param(form(FILE), {}, id="no model"),
        param(form(part("model", b""), part("stream", b"true")), {"model": b"", "stream": b"true"}, id="an empty one"),
        param(form(part("prompt", b"model"), MODEL), {"model": b"whisper"}, id="a field that nobody wants"),
        param(form(MODEL, end=b"--b0undary--"), {"model": b"whisper"}, id="no line end at the end"),
        param(form(end=b"--b0undary--"), {}, id="empty"),
        param(
            form(b"--b0undary\r\nContent-Disposition: FORM-DATA; NAME=model\r\n\r\nwhisper\r\n"),
            {"model": b"whisper"},
            id="a name without quotes",
        ),
    ],
)
def test_wanted_fields_are_found_where_they_stand(body: bytes, fields: dict[str, bytes], step: int) -> None:
    reader = read(body, step)

    assert reader.fields == fields
    assert {name: body[start:end] for name, (start, end) in reader.places.items()} == fields
    assert reader.has_file is (b"RIFF" in body)
    assert [body[start:end] for start, end in reader.files.values()] == [CONTENT] * reader.has_file


def test_a_model_is_known_before_the_file_has_come() -> None:
    reader = FormReader(BOUNDARY, WANTED)
    reader.feed(MODEL + FILE[:30])

    assert (reader.fields, reader.has_file) == ({"model": b"whisper"}, False)
    reader.feed(FILE[30:-20])
    assert (reader.has_file, reader.is_whole) == (True, False)


@mark.parametrize("step", [1, 1 << 20], ids=["byte by byte", "at once"])
@mark.parametrize(
    "body",
    [
        param(form(MODEL, MODEL), id="a model twice"),
        param(form(MODEL, FILE, part("model", b"other")), id="another model behind the file"),
        param(form(FILE, FILE), id="a file twice"),
        param(form(part("file", b"x\n--b0undary\r\ny")), id="a boundary behind a line feed alone"),
        param(form(part("file", b"x--b0undary")), id="a boundary amid a line"),
        param(form(part("file", b"--b0undary")), id="a boundary at once"),
        param(form(MODEL.replace(b"b0undary\r\n", b"b0undary \r\n")), id="a space behind a boundary"),
        param(form(MODEL.replace(b"b0undary\r\n", b"b0undary2\r\n")), id="more behind a boundary"),
        param(b"preamble\r\n" + form(MODEL), id="a preamble"),
        param(b"\r\n" + form(MODEL), id="a line end before all"),
        param(form(MODEL) + b"more", id="an epilogue"),
        param(form(MODEL) + MODEL, id="a part behind the end"),
        param(form(MODEL.replace(b"\r\n\r\n", b"\n\n")), id="line feeds alone"),
        param(form(part("mod%65l", b"x")), id="a name in escapes"),
        param(form(part('mod\\"el', b"x")), id="a name with a quote"),
        param(form(part("model", b"x", b"; name=other")), id="two names"),
        param(form(part("model", b"x", b"; name*=utf-8''file")), id="an extended name"),
        param(form(part("model", b"x", b'; filename="m.txt"')), id="a model that is a file"),
        param(form(part("model", b"x", b"; filename*=utf-8''m")), id="a model that is a file by its extended name"),
        param(form(part("model", b"x", b"\r\nContent-Disposition: form-data; name=file")), id="two dispositions"),
        param(form(part("model", b"x", b"\r\nContent-Transfer-Encoding: base64")), id="a coding"),
        param(form(part("model", b"x", b"\r\n folded: x")), id="a folded line"),
        param(form(b"--b0undary\r\ncontent-disposition: attachment; name=model\r\n\r\nx\r\n"), id="no form data"),
        param(form(b"--b0undary\r\ncontent-type: text/plain\r\n\r\nx\r\n"), id="no name"),
        param(form(b"--b0undary\r\n\r\nx\r\n"), id="no head"),
        param(form(b"--b0undary\r\nx: %b\r\n\r\nx\r\n" % (b"y" * 9000)), id="a long head"),
        param(form(part("model", b"x" * (MAX_FIELD_BYTES + 1))), id="a long model"),
        param(form(*[part("x", b"")] * (MAX_PARTS + 1)), id="many parts"),
        param(b"", id="nothing"),
        param(b"{}", id="JSON"),
        param(form(MODEL, FILE, end=b""), id="no end"),
        param(form(MODEL, end=b"--b0undary-"), id="half an end"),
        param(form(MODEL, end=b"--b0undary--\r"), id="half a line end"),
    ],
)
def test_what_can_be_read_in_two_ways_is_refused(body: bytes, step: int) -> None:
    with raises(Malformed):
        read(body, step)


def test_each_form_that_is_cut_short_is_refused() -> None:
    body = form(MODEL, FILE, end=b"--b0undary--")
    for end in range(len(body)):
        with raises(Malformed):
            read(body[:end])


def test_of_a_field_that_nobody_wants_nothing_is_kept() -> None:
    reader = FormReader(BOUNDARY, WANTED)
    reader.feed(part("prompt", b"x")[:-2])
    for _ in range(100):
        reader.feed(b"x" * 10_000)

    assert len(reader._buffer) < 100


@mark.parametrize(
    "content_type, boundary",
    [
        (b"multipart/form-data; boundary=abc", b"abc"),
        (b'Multipart/Form-Data;charset=utf-8; Boundary="a\'(b"', b"a'(b"),
        (b"multipart/form-data; boundary=----WebKitFormBoundary7MA4", b"----WebKitFormBoundary7MA4"),
        (b"application/json", None),
        (b"multipart/mixed; boundary=abc", None),
    ],
)
def test_the_media_type_names_the_boundary(content_type: bytes, boundary: bytes | None) -> None:
    assert find_boundary(content_type) == boundary


@mark.parametrize(
    "content_type",
    [
        b"multipart/form-data; charset=x",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=a; boundary=b",
        b"multipart/form-data; boundary=a, multipart/form-data; boundary=b",
        b'multipart/form-data; boundary="a;b"',
        b"multipart/form-data; boundary*=utf-8''a",
        b"multipart/form-data; boundary=" + b"a" * 71,
        b'multipart/form-data; boundary="a "',
    ],
)
def test_a_boundary_that_is_not_clear_is_refused(content_type: bytes) -> None:
    with raises(Malformed):
        find_boundary(content_type)


PIECES = (
    b"\r\n", b"\n", b"\r", b"--b0undary", b"--b0undary--", b"--", b"model", b'name="model"',
    b"; filename=x", b": ", b"x",
    b"content-disposition: form-data; name=model\r\n\r\n", b"\r\n\r\n", b" ", b"\x00",
)  # fmt: skip


def test_whatever_is_taken_reads_alike_in_any_pieces_and_by_a_lenient_reader() -> None:
    """Forms with a few random changes. The other reader takes line feeds alone, preambles and all else of mail."""
    chance, taken = random.Random(7), 0
    for _ in range(4000):
        kinds = [MODEL, FILE, part("prompt", b"hello"), part("stream", b"true")]
        body = form(*chance.choices(kinds, k=chance.randrange(1, 5)))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(len(body) + 1)
            body = body[:at] + chance.choice(PIECES) + body[at + chance.choice((0, 0, 1, 2, 10)) :]
        found = _outcome(body, 1 << 20)
        assert found == _outcome(body, chance.randrange(1, 20)), body
        if found is not None:
            taken += 1
            assert found == _by_mail(body), body
    assert taken > 500


def _outcome(body: bytes, step: int) -> dict[str, bytes] | None:
    try:
        return read(body, step).fields
    except Malformed:
        return None


def _by_mail(body: bytes) -> dict[str, bytes]:
    message = BytesParser().parsebytes(b"Content-Type: multipart/form-data; boundary=b0undary\r\n\r\n" + body)
    found: dict[str, bytes] = {}
    if not message.is_multipart():
        return found
    for each in message.get_payload():
        name = each.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        if name in WANTED:
            assert name not in found
            found[str(name)] = each.get_payload(decode=True)  # type: ignore[union-attr,assignment]
    return found
