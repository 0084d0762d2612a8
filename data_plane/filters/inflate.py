"""Takes the content coding off request bodies that are read here: they go upstream without."""

import asyncio

from data_plane.codecs.inflate import IDENTITY, Inflater, InflatesTooFar, NotInflatable, UnknownCoding
from data_plane.errors import BadRequest, BodyTooLarge, Overloaded, UnsupportedContent
from data_plane.exchange import Exchange, Outcome
from data_plane.limits.byte_budget import ByteBudget
from data_plane.pipeline.filter import BodyMode, Filter

CODING = b"content-encoding"
READ_CODINGS = b"gzip, deflate, zstd"
MAX_BYTES = 20 * 1024 * 1024  # inflated; as many as a listener takes without a coding
SLICE_BYTES = 4096  # of the coded body: at the highest ratio allowed, they inflate to less than 1 MiB
PAUSE_BYTES = 256 * 1024  # inflated, after which other requests have their turn


class InflateFilter(Filter):
    """In plans of requests with a content coding only. `budget`: for inflated bodies, of all requests."""

    body_mode = BodyMode.HEAD

    def __init__(self, budget: ByteBudget) -> None:
        self._budget = budget

    async def on_request(self, exchange: Exchange) -> None:
        request = exchange.request
        coding = request.headers[CODING]
        if coding.strip().lower() == IDENTITY:
            return
        try:
            request.body = await self._inflated(coding, exchange)
        except UnknownCoding as error:
            raise UnsupportedContent(str(error), headers=((b"accept-encoding", READ_CODINGS),)) from None
        except InflatesTooFar as error:
            raise BodyTooLarge(str(error)) from None
        except NotInflatable as error:
            raise BadRequest(str(error)) from None
        exchange.removed_headers += (CODING,)

    async def _inflated(self, coding: bytes, exchange: Exchange) -> bytes:
        """Raises InflateError. What is taken of the budget stands on the exchange, which is completed in any case."""
        body = exchange.request.body
        inflater = Inflater(coding, MAX_BYTES)
        pieces: list[bytes] = []
        unpaused = 0
        for start in range(0, len(body), SLICE_BYTES):
            piece = inflater.feed(body[start : start + SLICE_BYTES])
            if not self._budget.take(len(piece)):
                raise Overloaded("too many bodies are being inflated")
            exchange.inflated_bytes += len(piece)
            pieces.append(piece)
            unpaused += len(piece)
            if unpaused > PAUSE_BYTES:
                unpaused = 0
                await asyncio.sleep(0)
        return b"".join((*pieces, inflater.close()))

    def on_complete(self, exchange: Exchange, outcome: Outcome) -> None:
        self._budget.give_back(exchange.inflated_bytes)
