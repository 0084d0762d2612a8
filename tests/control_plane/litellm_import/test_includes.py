"""Files that include others."""

import pytest

from control_plane.litellm_import.finding import Finding, Unreadable
from control_plane.litellm_import.includes import merge_includes

FILES: dict[str, dict[str, object]] = {
    "a.yaml": {"model_list": [2], "litellm_settings": {"x": 1}, "include": ["b.yaml", "a.yaml"]},
    "b.yaml": {"model_list": [3], "general_settings": {"y": 1}},
}


def test_lists_grow_and_other_values_are_replaced_with_a_finding() -> None:
    findings: list[Finding] = []
    config: dict[str, object] = {"include": ["a.yaml"], "model_list": [1], "litellm_settings": {"x": 0}}
    assert merge_includes(config, FILES.__getitem__, findings) == {
        "model_list": [1, 2, 3],
        "litellm_settings": {"x": 1},
        "general_settings": {"y": 1},
    }
    assert [(each.path, each.weight) for each in findings] == [("litellm_settings", "Changed")]


@pytest.mark.parametrize("given", ["a.yaml", [1], {"a": 1}, [""]])
def test_a_list_of_paths_is_wanted(given: object) -> None:
    with pytest.raises(Unreadable, match="must be a list of paths"):
        merge_includes({"include": given}, FILES.__getitem__, [])


def test_files_end() -> None:
    with pytest.raises(Unreadable, match="files are included"):
        merge_includes({"include": ["0"]}, lambda path: {"include": [str(int(path) + 1)]}, [])
