"""HeaderPolicy: headers set, added and removed on the way to the upstream and back."""

from collections.abc import Sequence
from dataclasses import dataclass

from data_plane.exchange import Exchange, Response
from data_plane.pipeline.filter import Filter

Fields = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class HeaderChanges:
    """Names are lower case. What is set replaces all fields of that name; what is added stands beside them."""

    set: Fields = ()
    remove: tuple[bytes, ...] = ()
    add: Fields = ()

    @classmethod
    def of(
        cls, set: Sequence[tuple[str, str]], remove: Sequence[str], add: Sequence[tuple[str, str]] = ()
    ) -> "HeaderChanges":
        return cls(_encoded(set), tuple(name.encode() for name in remove), _encoded(add))


class HeaderFilter(Filter):
    def __init__(self, request: HeaderChanges, response: HeaderChanges) -> None:
        self._request = request
        self._response = response
        self._dropped = frozenset((*response.remove, *(name for name, _ in response.set)))

    def on_request(self, exchange: Exchange) -> None:
        changes = self._request
        exchange.request_headers.extend(changes.set)
        exchange.removed_headers += changes.remove
        for name, value in changes.add:
            given = exchange.request.headers.get(name)
            exchange.request_headers.append((name, value if given is None else given + b", " + value))

    def on_response(self, exchange: Exchange, response: Response) -> Response:
        if self._dropped:
            dropped = self._dropped
            response.headers = [field for field in response.headers if field[0] not in dropped]
            response.headers.extend(self._response.set)
        response.headers.extend(self._response.add)
        return response


def _encoded(fields: Sequence[tuple[str, str]]) -> Fields:
    return tuple((name.encode(), value.encode()) for name, value in fields)
