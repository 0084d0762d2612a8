"""What a type of provider speaks: wire APIs, each with its paths, header fields, and what is particular about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from msgspec import Raw

from data_plane.codecs.codec import Cutter
from data_plane.codecs.sse import EventSplitter
from data_plane.llm.failure import ProviderFailure


@dataclass(frozen=True, slots=True)
class Asked:
    """What a target is asked for, as far as its URL and the wording of the body depend on it.

    `path`, `query` and `headers`: the client's, where the target speaks the client's API; else empty. `path` is below
    the root of that API.
    """

    model: str  # the provider's name for it
    stream: bool = False
    path: bytes = b""
    query: bytes = b""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)


class Reframer(Protocol):
    """Turns the bytes of a stream into those of the wire API's own framing."""

    def feed(self, data: bytes) -> bytes:
        """What is whole now.

        Raises:
            GatewayError: the bytes are no such framing.
        """

    def close(self) -> bytes:
        """What is left at the end.

        Raises:
            GatewayError: the stream was cut short.
        """


@dataclass(frozen=True, slots=True)
class Surface:
    """One wire API as one type of provider speaks it.

    `path`: the request target below the base URL, with its query. `key_header`: where an API key goes;
    `authorization` as `Bearer`. `defaults`: header fields for a request whose client has not sent them.
    `takes`: of which models, by the provider's name. `word`: the top level of a body as this provider wants it, the
    model's name among it; None replaces `model` where it stands. It returns another dict. `cutter` makes what cuts its
    streams; `reframe` is for streams that come in a foreign framing. `decode_failure`: for errors that are not worded
    as the wire API's own; a client of that API cannot be shown them as they are.
    """

    path: Callable[[Asked], bytes]
    key_header: str = "authorization"
    defaults: tuple[tuple[bytes, bytes], ...] = ()
    takes: Callable[[str], bool] | None = None
    word: Callable[[dict[str, Raw], Asked], dict[str, Raw]] | None = None
    cutter: Callable[[], Cutter] = EventSplitter
    reframe: Callable[[], Reframer] | None = None
    decode_failure: Callable[[int, Mapping[bytes, bytes], bytes], ProviderFailure] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account lies, as a Provider's spec says; empty where it does not."""

    region: str = ""
    project: str = ""
    api_version: str = ""


@dataclass(frozen=True, slots=True)
class ProviderType:
    """One value of `Provider.spec.type`.

    `base_url`: the public address, as its SDK has it; empty where each account has its own. `surfaces`: by wire API,
    those to translate to in order of preference. `needs`: which fields of `Place` a spec must give.
    `telemetry_name`: `gen_ai.provider.name` of OpenTelemetry. `catalog`: its id in the catalog of models and prices.
    `reasons_by`: the wire API to translate to for models that always reason, because it carries their thoughts round.
    `lacks`: names of `Traits` that hold for none of its models, whatever the catalog says of them elsewhere.
    """

    name: str
    surfaces: Callable[[Place], Mapping[str, Surface]]
    base_url: Callable[[Place], str] | None = None
    needs: tuple[str, ...] = ()
    telemetry_name: str = ""
    catalog: str = ""
    lacks: frozenset[str] = frozenset()
    reasons_by: str = ""
