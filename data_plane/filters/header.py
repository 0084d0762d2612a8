"""HeaderPolicy: headers set and removed on the way to the upstream and back."""

from collections.abc import Sequence
from dataclasses import dataclass

from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import Filter

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """Names are lower case. What is set replaces all fields of that name."""

    set: Fields = ()
    remove: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, set: Sequence[tuple[str, str]], remove: Sequence[str]) -> "HeaderChanges":
        return cls(
            tuple((name.encode(), value.encode()) for name, value in set), tuple(name.encode() for name in remove)
        )


class HeaderFilter(Filter):
    def __init__(self, request: HeaderChanges, response: HeaderChanges) -> None:
        self._request = request
        self._response = response
        self._dropped = frozenset((*response.remove, *(name for name, _ in response.set)))

    def on_request(self, exchange: Exchange) -> None:
        changes = self._request
        exchange.request_headers.extend(changes.set)
        exchange.removed_headers += changes.remove

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        if self._dropped:
            dropped = self._dropped
            response.headers = [field for field in response.headers if field[0].lower() not in dropped]
            response.headers.extend(self._response.set)
        return response
