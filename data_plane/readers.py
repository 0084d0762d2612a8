"""What reads the bodies of one exchange as they pass, without decoding all of them."""

from typing import Protocol

from data_plane.errors import GatewayError
from data_plane.usage import Usage


class Meter(Protocol):
    """Finds usage in a response that is relayed without decoding it."""

    def feed(self, data: bytes) -> None:
        """Take the next body bytes, as the upstream sent them."""

    def fault(self) -> GatewayError | None:
        """What is wrong with a stream of events that has ended here; None where it is whole, or says so itself."""

    def usage(self) -> Usage | None:
        """What was told so far; called once, at the end."""

    def is_final(self) -> bool:
        """Whether that is all that was used: the answer is whole."""

    def output_bytes(self) -> int:
        """About how much the model has written so far, where nobody tells its tokens."""

    def output_text(self) -> str:
        """What is still there of that; all, where it has as many bytes."""


class Form(Protocol):
    """A request's multipart form, read as it comes: the rest is streamed once what is needed of it is known.

    `growth`: by how many bytes its body, with the target's name of the model, is longer than the client's.
    `is_streamed`: whether it is sent before it is whole.
    """

    growth: int
    is_streamed: bool

    @property
    def is_decided(self) -> bool:
        """Whether what is needed is known."""

    def feed(self, data: bytes, last: bool) -> None:
        """Take the next bytes. Raises GatewayError: they are malformed, or say what had to be known before."""

    def fix(self) -> None:
        """What is known now has been acted upon."""

    def text(self, name: str) -> str | None:
        """The value of a field. Raises GatewayError: it is no text."""

    def file_place(self) -> tuple[int, int] | None:
        """Where the content of the field `file` stands in the whole body."""

    def reworded(self, beginning: bytes, model: str) -> bytes:
        """The beginning of the body, or all of it, with another model's name."""
