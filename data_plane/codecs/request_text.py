"""How much text a request to a model has, about, whatever its wire API: looked up in its bytes, not decoded."""

import re

# Fields whose strings a model reads. Pictures and files stand elsewhere; tools are read as they are written.
STRINGS = re.compile(
    rb'"(?:content|text|input|instructions|system|prompt|arguments|output|refusal)":\s*"([^"\\]*(?:\\.[^"\\]*)*)"'
)


def request_text_bytes(body: bytes, tools: int) -> int:
    """`tools`: how many bytes its tools have."""
    return tools + sum(map(len, STRINGS.findall(body)))
