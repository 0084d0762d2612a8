"""A request's form, read as it comes: what of it is needed is known before its files have come, if they stand last."""

from collections.abc import Mapping

from data_plane.codecs.multipart import FormReader, Malformed, find_boundary
from data_plane.errors import BadRequest, UnsupportedContent

# What must be known before a body may be streamed, by operation.
NEEDED: Mapping[tuple[str, str], str] = {
    ("openai", "transcriptions"): "model",
    ("openai", "translations"): "model",
    ("openai", "image_edits"): "model",
    ("openai", "image_variations"): "model",
    ("openai", "files"): "purpose",
    ("anthropic", "files"): "",
}
READ = frozenset(("model", "stream", "purpose"))
CONTENT_TYPE = b"content-type"
CODING = b"content-encoding"


class Form:
    """One exchange's."""

    __slots__ = ("_boundary", "_is_fixed", "_names_model", "_needed", "_reader", "growth", "is_streamed")

    def __init__(self, boundary: bytes, needed: str, *, names_model: bool = True) -> None:
        """`needed`: the field that must be known; empty if none must. `names_model`: whether a model is asked."""
        self._names_model = names_model
        self._boundary = boundary
        self._needed = needed
        self._reader = FormReader(boundary, READ)
        self._is_fixed = False
        self.growth = 0  # of the body, by the latest `reworded`
        self.is_streamed = False

    @property
    def is_decided(self) -> bool:
        """Whether what is needed is known, and the rest may be streamed: it is files."""
        reader = self._reader
        return reader.is_whole or (reader.has_file and (not self._needed or self._needed in reader.fields))

    @property
    def is_whole(self) -> bool:
        return self._reader.is_whole

    def feed(self, data: bytes, last: bool) -> None:
        """Take the next bytes of the body.

        Raises:
            BadRequest: it is no form, or names behind its files what must be known before them.
        """
        reader = self._reader
        known = len(reader.places) if self._is_fixed else 0
        try:
            reader.feed(data)
            if last:
                reader.close()
        except Malformed as error:
            raise BadRequest(f"the form cannot be read: {error}") from None
        if self._is_fixed and len(reader.places) > known:
            late = list(reader.places)[known]
            raise BadRequest(f"`{late}` must stand before the files of the form")

    def fix(self) -> None:
        """What is known now has been acted upon: nothing that is read may come later."""
        self._is_fixed = True

    def text(self, name: str) -> str | None:
        """The value of a field; None if it is not there.

        Raises:
            BadRequest: it is no text.
        """
        value = self._reader.fields.get(name)
        try:
            return None if value is None else value.decode()
        except UnicodeDecodeError:
            raise BadRequest(f"`{name}` must be UTF-8") from None

    def reworded(self, beginning: bytes, model: str) -> bytes:
        """The beginning of the body, or all of it, with another model's name; with one, where there was none."""
        if not self._names_model:
            return beginning
        name = model.encode()
        place = self._reader.places.get("model")
        if place is None:
            field = b'--%b\r\ncontent-disposition: form-data; name="model"\r\n\r\n%b\r\n' % (self._boundary, name)
            changed = field + beginning
        else:
            changed = beginning[: place[0]] + name + beginning[place[1] :]
        self.growth = len(changed) - len(beginning)
        return changed

    def file_place(self) -> tuple[int, int] | None:
        """Where the content of the field `file` stands in the whole body."""
        return self._reader.files.get("file")


def is_form(headers: Mapping[bytes, bytes]) -> bool:
    """Whether the body is said to be a form."""
    return headers.get(CONTENT_TYPE, b"").lstrip()[:19].lower() == b"multipart/form-data"


def form_of(headers: Mapping[bytes, bytes], call: tuple[str, str], model: str) -> Form:
    """The form of a request whose head has come. `call`: API and operation; `model`: what its path names, if it does.

    Raises:
        BadRequest: its boundary is not clear.
        UnsupportedContent: it is no form, or has a content coding.
    """
    if headers.get(CODING, b"identity").strip().lower() != b"identity":
        raise UnsupportedContent(
            "a form is taken without a content coding", headers=((b"accept-encoding", b"identity"),)
        )
    try:
        boundary = find_boundary(headers.get(CONTENT_TYPE, b""))
    except Malformed as error:
        raise BadRequest(str(error)) from None
    if boundary is None:
        raise UnsupportedContent("this is asked for with `content-type: multipart/form-data`")
    needed = NEEDED.get(call, "model")
    return Form(boundary, "" if model and needed == "model" else needed, names_model=needed == "model")
