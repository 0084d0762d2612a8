"""What a request for something kept asks of whom."""

from urllib.parse import quote, unquote, unquote_to_bytes

from data_plane.codecs.client_api import Call, find_kept
from data_plane.codecs.query_fields import values_of, without
from data_plane.errors import BadRequest, Forbidden, MethodNotAllowed, ModelNotFound, NotFound
from data_plane.exchange import Exchange
from data_plane.identity.keepers import Keeper, Keepers

CURSORS = frozenset((b"after", b"before", b"after_id", b"before_id"))
OWN_CURSORS = frozenset(("files", "batches", "stored_chat"))  # where these are ids of what is listed
NO_IDS = (b"/content", b"/results", b"/input_items", b"/messages")  # answers without ids of ours


def kept_call(exchange: Exchange) -> Call:
    """What is asked for.

    Raises:
        MethodNotAllowed: not by this method.
    """
    call = find_kept(exchange.api, exchange.api_path)
    if call is None:
        raise NotFound("nothing is kept at this path")
    if exchange.request.method not in call.methods:
        methods = [each.decode() for each in call.methods]
        raise MethodNotAllowed(f"this is asked for with {' or '.join(methods)}", allowed=(*methods, "OPTIONS"))
    return call


def place_of(exchange: Exchange, keepers: Keepers, model: str) -> Keeper:
    """Where something is to be kept, or listed.

    Raises:
        Forbidden: a list would show what other tenants keep there.
    """
    named = values_of(exchange.request.query, b"model")
    keeper = keepers.choose(exchange, named[0].decode("utf-8", "replace") if named else model)
    change_query(exchange, keeper, keepers)
    if exchange.request.method == b"GET" and not keepers.owns(keeper):
        raise Forbidden("lists are not answered where tenants share the provider's account; ask by id")
    return keeper


def change_query(exchange: Exchange, keeper: Keeper, keepers: Keepers) -> None:
    """Without what is for us, and with the provider's own ids."""
    query = exchange.request.query
    if not query:
        return
    fields = []
    for field in without(query, (b"model",)).split(b"&"):
        name, equals, value = field.partition(b"=")
        if (
            unquote_to_bytes(name) in CURSORS
            and exchange.operation in OWN_CURSORS
            and not exchange.api_path.endswith(NO_IDS)
        ):
            found, id = keepers.open(exchange, unquote(value.decode("latin-1")))
            if found is not keeper:
                raise BadRequest(f"`{name.decode()}` is kept by another provider")
            value = quote(id, safe="").encode()
        fields.append(name + equals + value)
    exchange.request.query = b"&".join(fields)


def served(exchange: Exchange, keeper: Keeper, keepers: Keepers, model: str | None) -> str:
    """The provider's name for a model of a batch.

    Raises:
        ModelNotFound: the caller has no such model there.
    """
    name = keepers.name_of(exchange, keeper, model) if model else None
    if name is None:
        raise ModelNotFound(f"there is no model '{(model or '')[:256]}' here that is served by the batch's provider")
    return name
