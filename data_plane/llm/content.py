"""What messages are made of, in no provider's words: a part is text, a picture, a call of a tool, a thought, ...

Parts are tagged structs, so that a `match` over them is complete. JSON that is passed on unread stays as it was written
(`Raw`): what goes in comes out, byte for byte.
"""

from enum import Enum

from msgspec import Raw, Struct


class Role(Enum):
    """Who speaks. `DEVELOPER` outranks the user, and is outranked by `SYSTEM`; APIs without it say `SYSTEM`."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class CacheMark(Struct, frozen=True):
    """Up to and including this part, the provider is to keep its work for the next request."""

    seconds: int = 300  # 300 or 3600


class Inline(Struct, frozen=True):
    """Bytes in the request itself. `data`: base64, as it came."""

    media_type: str
    data: str


class Link(Struct, frozen=True):
    """Bytes that the provider is to fetch. `media_type` empty: not said."""

    url: str
    media_type: str = ""


class FileId(Struct, frozen=True):
    """A file that the client has left with a provider: of no use to any other."""

    api: str
    id: str


Source = Inline | Link | FileId


class Text(Struct, tag=True):
    """`citations`: of the API that the part came by, passed to it alone. `extras`: as of a message."""

    text: str
    cache: CacheMark | None = None
    citations: Raw | None = None
    extras: dict[str, Raw] = {}


class Image(Struct, tag=True):
    """`detail`: `low`, `high`, `auto`, or empty. `extras`: as of a message."""

    source: Source
    detail: str = ""
    cache: CacheMark | None = None
    extras: dict[str, Raw] = {}


class Document(Struct, tag=True):
    """A file to be read, such as a PDF or plain text. `extras`: as of a message."""

    source: Source
    name: str = ""
    cache: CacheMark | None = None
    extras: dict[str, Raw] = {}


class Audio(Struct, tag=True):
    """Speech or sound. `source.media_type` is `audio/<format>`. `extras`: as of a message."""

    source: Source
    extras: dict[str, Raw] = {}


class ToolCall(Struct, tag=True):
    """The model asks for a tool. `arguments`: JSON text as the model wrote it, `{}` for none; any text of a custom one.

    `id` is never changed between turns; where an API has none, the codec makes one that it finds again.
    `signature`: opaque state of the provider that goes back with the call. `extras`: as of a message.
    """

    id: str
    name: str
    arguments: str = "{}"
    is_custom: bool = False
    signature: str = ""
    cache: CacheMark | None = None
    extras: dict[str, Raw] = {}


class ToolResult(Struct, tag=True):
    """What a tool has answered. `name` is known where the API says it, or from the call with the same id."""

    call_id: str
    content: list["Text | Image | Document | Opaque"]
    name: str = ""
    is_error: bool = False
    cache: CacheMark | None = None
    extras: dict[str, Raw] = {}


class Thought(Struct, tag=True):
    """Reasoning of the model. What is opaque goes back exactly as received, to the API that it came from (`api`).

    `signature` proves `text`; `sealed` stands in place of text that the provider does not show; `id` where it has one.
    `is_summary`: `text` sums up what is sealed. `extras`: as of a message.
    """

    text: str = ""
    api: str = ""
    signature: str = ""
    sealed: str = ""
    id: str = ""
    is_summary: bool = False
    extras: dict[str, Raw] = {}


class Refusal(Struct, tag=True):
    """The model's own words for that it will not answer. `extras`: as of a message."""

    text: str
    extras: dict[str, Raw] = {}


class Opaque(Struct, tag=True):
    """A part that only the API it came by understands, as it was written: server tools, citations of a search, ..."""

    api: str
    kind: str  # for messages: what to call it
    raw: Raw


Part = Text | Image | Document | Audio | ToolCall | ToolResult | Thought | Refusal | Opaque


class Message(Struct):
    """One turn. `extras`: fields that only the API they came by understands, as they were written.

    `path`: where the client wrote it, if that is not `messages` with its number.
    """

    role: Role
    parts: list[Part]
    name: str = ""
    extras: dict[str, Raw] = {}
    path: str = ""
