"""Documents to be ranked by how well they answer a query, and their ranks, in no provider's words."""

from msgspec import Raw, Struct

from data_plane.usage import Usage


class RankRequest(Struct):
    """`top_n`: how many of the best to tell; None: all. `extras`: as of a `GenerateRequest`."""

    api: str
    model: str
    query: str
    documents: list[str]
    top_n: int | None = None
    returns_documents: bool = False
    max_tokens_per_document: int | None = None
    extras: dict[str, Raw] = {}


class Ranked(Struct, frozen=True):
    """`index`: of the document in the request. `score` is the provider's own; a higher one is better."""

    index: int
    score: float


class Ranking(Struct):
    """The best first. `search_units`: what some providers bill in place of tokens; None where nobody says."""

    results: list[Ranked]
    id: str = ""
    model: str = ""
    search_units: int | None = None
    usage: Usage | None = None


def put_in_order(results: list[Ranked], request: RankRequest) -> list[Ranked]:
    """The best first, and no more than were asked for: some providers do neither."""
    ordered = sorted(results, key=lambda each: -each.score)
    return ordered if request.top_n is None else ordered[: request.top_n]
