"""Which operation a request is."""

from pytest import mark

from data_plane.validation.operations import CompiledBody, CompiledOperation, OperationTable

PATHS = ("/", "/pets", "/pets/mine", "/pets/{id}", "/pets/{id}/photos/{n}.{kind}", "/{anything}/mine", "/dogs/{id}")


def table(base: str = "") -> OperationTable:
    return OperationTable(
        base,
        [
            (path, method, CompiledOperation(f"{method} {path}", (), None, {}))
            for path in PATHS
            for method in ("GET", "PUT")
        ],
    )


@mark.parametrize(
    ("path", "name", "values"),
    [
        (b"/", "/", {}),
        (b"/pets", "/pets", {}),
        (b"/pets/mine", "/pets/mine", {}),
        (b"/pets/7", "/pets/{id}", {"id": b"7"}),
        (b"/pets/a.b%2Fc", "/pets/{id}", {"id": b"a.b%2Fc"}),
        (b"/pets/7/photos/1.jpg", "/pets/{id}/photos/{n}.{kind}", {"id": b"7", "n": b"1", "kind": b"jpg"}),
        (b"/pets/7/photos/1.2.3", "/pets/{id}/photos/{n}.{kind}", {"id": b"7", "n": b"1", "kind": b"2.3"}),
        (b"/pets/7/photos/..jpg", "/pets/{id}/photos/{n}.{kind}", {"id": b"7", "n": b".", "kind": b"jpg"}),
        (b"/dogs/mine", "/dogs/{id}", {"id": b"mine"}),
        (b"/cats/mine", "/{anything}/mine", {"anything": b"cats"}),
        (b"/pets/7/photos/.jpg", None, {}),
        (b"/pets/7/photos/1.", None, {}),
        (b"/pets/", None, {}),
        (b"/pets/7/", None, {}),
        (b"/Pets", None, {}),
        (b"", "/", {}),
    ],
)
def test_exact_paths_go_before_templates(path: bytes, name: str | None, values: dict[str, bytes]) -> None:
    found = table().find(path)

    assert (found.methods[b"GET"].name if found else None) == (f"GET {name}" if name else None)
    assert dict(found.values if found else {}) == values
    assert found is None or set(found.methods) == {b"GET", b"PUT"}


@mark.parametrize(("path", "is_found"), [(b"/v1/pets", True), (b"/v1", True), (b"/pets", False), (b"/v1pets", False)])
def test_paths_lie_below_the_base(path: bytes, is_found: bool) -> None:
    assert (table("/v1").find(path) is not None) is is_found


def test_a_long_segment_takes_no_long_time() -> None:
    assert table().find(b"/pets/7/photos/" + b"." * 100_000) is not None


@mark.parametrize(
    ("kind", "found"),
    [("application/json", "exact"), ("application/xml", "range"), ("text/plain", "any"), ("", "any")],
)
def test_the_narrowest_media_range_counts(kind: str, found: str) -> None:
    ranges = {"exact": "application/json", "range": "application/*", "any": "*/*"}
    for missing in ([], ["exact"], ["exact", "range"], ["exact", "range", "any"]):
        body = CompiledBody({media: None for name, media in ranges.items() if name not in missing})
        assert body.has(kind) is (found not in missing or "any" not in missing)


@mark.parametrize(("status", "key"), [(200, "200"), (201, "2XX"), (404, "default")])
def test_a_response_is_found_by_status_then_class_then_default(status: int, key: str) -> None:
    answers = {name: CompiledBody({name: None}) for name in ("200", "2XX", "default")}
    operation = CompiledOperation("GET /", (), None, answers)

    assert operation.response(status) is answers[key]
    assert CompiledOperation("GET /", (), None, {"200": answers["200"]}).response(status) is (
        answers["200"] if status == 200 else None
    )
