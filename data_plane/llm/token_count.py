"""How many tokens a request to generate would have, in no provider's words."""

from msgspec import Struct

from data_plane.llm.request import GenerateRequest
from data_plane.usage import Usage


class TokenCountRequest(Struct):
    """`model` stands in place of the content's own."""

    model: str
    content: GenerateRequest


class TokenCount(Struct):
    """`is_estimate`: nobody has cut the text into tokens. `usage`: counting costs none.

    `cached_tokens`: those of the total that a cache of the provider's has.
    """

    tokens: int
    cached_tokens: int | None = None
    is_estimate: bool = False
    id: str = ""
    model: str = ""
    usage: Usage | None = None
