"""`data:` URLs with base64. Source: RFC 2397."""

import re

from data_plane.llm.content import Inline

PATTERN = re.compile(r"data:([\w.+-]+/[\w.+-]+)(?:;[\w.+-]+=[\w.+-]+)*;base64,", re.ASCII | re.IGNORECASE)


def parse_data_url(url: str) -> Inline | None:
    """None: it is another kind of URL, or one without base64."""
    found = PATTERN.match(url)
    return Inline(found[1].lower(), url[found.end() :]) if found else None


def data_url(inline: Inline) -> str:
    """The URL that carries the bytes."""
    return f"data:{inline.media_type};base64,{inline.data}"
