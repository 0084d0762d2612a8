"""Whatever a stranger sends, and whatever a tenant writes, ends in an answer."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import mark

from data_plane.config.rejection import Rejected
from data_plane.errors import GatewayError
from data_plane.validation.bodies import Unvalidated, judge_response
from data_plane.validation.contract import Contract
from tests.fakes.contracts import PETS, contract, exchange

DOCUMENT = json.loads(json.dumps(PETS))
DOCUMENT["paths"]["/pets"]["get"]["parameters"] += [
    {"in": "query", "name": "tags", "schema": {"type": "array", "items": {"type": "integer"}}, "explode": False},
    {"in": "query", "name": "point", "style": "deepObject", "schema": {"type": "object", "required": ["x"]}},
    {"in": "query", "name": "json", "content": {"application/json": {"schema": {"type": "object"}}}},
    {"in": "cookie", "name": "session", "schema": {"type": ["integer", "null"]}},
]
PETS_CONTRACT = contract(openapi={"document": json.dumps(DOCUMENT)}, responses="Enforce")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "parent", "password", "x"]) | st.text(max_size=2), inner, max_size=4
        )
    ),
    max_leaves=8,
)
BODIES = st.binary(max_size=40) | JSON.map(lambda value: json.dumps(value).encode())
QUERIES = st.text("abcxy%&=+[]{}:,0129-\u00e9\ud800", max_size=12)
NAMES = st.sampled_from(["limit", "tags", "point[x]", "point", "json", "q"])
CODINGS = st.sampled_from(["", "gzip", "br", "identity", "gzip, gzip"])
TYPES = st.sampled_from(["application/json", "text/csv", "", "application/x+json", ";", "\u00ff/\u00ff"])
PATHS = st.sampled_from(["/v1/pets", "/v1/pets/1", "/v1/pets/%ff", "/v1", "/", "/v1/pets/%2F", "//"])

KEYWORDS = """$ref $id $schema allOf anyOf oneOf not if then properties patternProperties additionalProperties items
prefixItems contains type enum const pattern required minimum multipleOf format nullable readOnly uniqueItems"""
SCHEMA_KEYS = st.sampled_from(KEYWORDS.split())
LEAVES = st.sampled_from(
    ["#", "#/items", "#/properties/a", "http://x/", "string", "integer", "(", "a{1,9}", 0, -1, 1.5, None, True]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCHEMA_KEYS | st.just("a"), inner, max_size=3),
    max_leaves=10,
)


@given(
    st.sampled_from(["GET", "POST", "DELETE", "HEAD"]),
    PATHS,
    st.lists(st.tuples(NAMES, QUERIES), max_size=3),
    BODIES,
    CODINGS,
    TYPES,
)
@settings(max_examples=400, deadline=None)
def test_any_request_is_taken_or_refused(
    method: str, path: str, query: list[tuple[str, str]], body: bytes, coding: str, kind: str
) -> None:
    text = "&".join(f"{name}={value}" for name, value in query)
    sent = exchange(method, path, body, content_type=kind)
    sent.request.query = text.encode(errors="surrogatepass")
    sent.request.headers.update({b"cookie": b"session=" + sent.request.query, b"x-trace": b"\xff\x00"[: len(text)]})
    if coding:
        sent.request.headers[b"content-encoding"] = coding.encode()
    try:
        PETS_CONTRACT.judge_request(sent)
    except (GatewayError, Unvalidated) as error:
        status = error.status if isinstance(error, GatewayError) else 413
        assert 400 <= status < 500


@given(BODIES, CODINGS)
@settings(max_examples=200, deadline=None)
def test_any_response_fits_or_does_not(body: bytes, coding: str) -> None:
    assert PETS_CONTRACT.operations is not None
    found = PETS_CONTRACT.operations.find(b"/v1/pets")
    assert found is not None
    said = found.methods[b"GET"].response(200)
    assert said is not None
    checker = said.checker("application/json")
    assert checker is not None
    try:
        assert len(judge_response(checker, body, coding.encode() or None, 1000)) <= 10
    except Unvalidated as error:
        assert str(error)


@given(SCHEMAS, JSON)
@settings(max_examples=400, deadline=None)
def test_any_schema_is_compiled_or_rejected_and_judges(schema: Any, value: Any) -> None:
    compiled = _compiled(schema)
    if compiled is not None:
        sent = exchange("POST", "/", json.dumps(value).encode())
        try:
            compiled.judge_request(sent)
        except GatewayError as error:
            assert error.status == 400


def _compiled(schema: Any) -> Contract | None:
    try:
        return contract(request_schema=json.dumps(schema))
    except Rejected as error:
        assert str(error).startswith("`spec.requestSchema`: /")
        return None


WRONG: tuple[Any, ...] = (
    None,
    True,
    0,
    -1.5,
    "",
    "x",
    "#/paths",
    [],
    {},
    [{}],
    {"a": []},
    {"$ref": "#/components/schemas/Pet"},
)


def places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Of every value in a document."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*at, key))


def replaced(document: Any, at: tuple[str | int, ...], value: Any) -> Any:
    if not at:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[at[0]] = replaced(document[at[0]], at[1:], value)  # type: ignore[index]
    return copy


@mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_a_document_damaged_anywhere_is_compiled_or_rejected(version: str) -> None:
    document = {**DOCUMENT, "openapi": version}
    rejected = compiled = 0
    for at in places(document):
        for wrong in WRONG:
            text = json.dumps(replaced(document, at, wrong))
            try:
                made = contract(openapi={"document": text}, responses="Enforce")
            except Rejected as error:
                assert str(error).startswith("`spec.openapi.document`: /")
                rejected += 1
                continue
            compiled += 1
            for path in ("/v1/pets?limit=1&tags=1&json={}", "/v1/pets/1"):
                sent = exchange("GET", path)
                with suppress(GatewayError):
                    made.judge_request(sent)

    assert rejected > 500 and compiled > 300
