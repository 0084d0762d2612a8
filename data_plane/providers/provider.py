"""One configured provider: where a request goes, in which wire API, and what it is given beside the credential."""

from collections.abc import Mapping

from data_plane.codecs.wire import FAMILIES, WIRES
from data_plane.errors import UnmappableApi
from data_plane.exchange import Exchange
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.credential import CredentialSpec
from data_plane.providers.surface import Asked, ProviderType, Surface


class Way:
    """How an operation of a client's API is asked of a provider: `wire` is the client's where nothing is translated."""

    __slots__ = ("client_wire", "surface", "translates", "wire")

    def __init__(self, client_wire: str, wire: str, surface: Surface) -> None:
        self.client_wire = client_wire
        self.wire = wire
        self.surface = surface
        self.translates = wire != client_wire


class Provider:
    """Built once per snapshot. Its repr shows no credential."""

    __slots__ = ("base", "credential", "name", "surfaces", "type")

    def __init__(
        self, name: str, type: ProviderType, base: BaseUrl, surfaces: Mapping[str, Surface], credential: CredentialSpec
    ) -> None:
        self.name = name  # `<tenant>/<name>`
        self.type = type
        self.base = base
        self.surfaces = surfaces
        self.credential = credential

    def way(self, api: str, operation: str, model: str, *, reasons: bool = False) -> Way:
        """How an operation is asked of a model, by the provider's name for it. `reasons`: whether it always does.

        Raises:
            UnmappableApi: this provider has nothing for it.
        """
        client_wire = WIRES.get((api, operation), "")
        surface = self.surfaces.get(client_wire)
        if surface is not None and _takes(surface, model):
            return Way(client_wire, client_wire, surface)
        family = FAMILIES.get(client_wire)
        if family is not None:
            surfaces, best = self.surfaces, self.type.reasons_by
            if reasons and best in surfaces:
                surfaces = {best: surfaces[best], **surfaces}
            for wire, other in surfaces.items():
                if FAMILIES.get(wire) == family and _takes(other, model):
                    return Way(client_wire, wire, other)
        spoken = ", ".join(sorted(self.surfaces))
        raise UnmappableApi(
            f"this model's provider has no equivalent for '{operation}' of the {api} API; it speaks {spoken}"
        )

    def target(self, way: Way, exchange: Exchange, model: str) -> bytes:
        """The request target, path and query, for an exchange on `model`, the provider's name for it."""
        if way.translates:
            return self.base.path + way.surface.path(Asked(model, exchange.stream))
        request = exchange.request
        asked = Asked(model, exchange.stream, exchange.api_path, request.query, request.headers)
        return self.base.path + way.surface.path(asked)

    def fields(self, way: Way, exchange: Exchange) -> bytes:
        """Complete header lines with CRLF each. Nothing that is secret; follows from the head of the client's request.

        What a client has sent for another API than the provider's means nothing there.
        """
        lines = b"host: %b\r\n" % self.base.authority
        sent: Mapping[bytes, bytes] = {} if way.translates else exchange.request.headers
        for name, value in way.surface.defaults:
            if name not in sent:
                lines += b"%b: %b\r\n" % (name, value)
        return lines

    def __repr__(self) -> str:
        return f"Provider({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Provider) and (
            self.name,
            self.type.name,
            self.base,
            self.surfaces,
            self.credential,
        ) == (other.name, other.type.name, other.base, other.surfaces, other.credential)

    __hash__ = None  # type: ignore[assignment]  # compared by content, kept in no set


def _takes(surface: Surface, model: str) -> bool:
    return surface.takes is None or surface.takes(model)
