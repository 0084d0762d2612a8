"""What commands print."""

import json

import pytest

from control_plane.cli.output import difference, print_documents, print_table, to_yaml

TEAM = {"kind": "Team", "spec": {"displayName": "Rö"}, "metadata": {"name": "red", "generation": 1}, "apiVersion": "v"}


def test_columns_are_as_wide_as_their_widest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("A", "BB", "C"), [("long", None, 1), ("x", "yyy", "")])
    assert capsys.readouterr().out == "A     BB   C\nlong       1\nx     yyy\n"


def test_yaml_is_in_the_order_in_which_people_write_it() -> None:
    text = to_yaml(TEAM)
    assert [line.split(":")[0] for line in text.splitlines() if line[0] != " "] == [
        "apiVersion",
        "kind",
        "metadata",
        "spec",
    ]
    assert "Rö" in text


def test_documents_are_a_stream_or_one_object(capsys: pytest.CaptureFixture[str]) -> None:
    print_documents([TEAM, TEAM], "yaml")
    assert capsys.readouterr().out.split("---\n") == [to_yaml(TEAM)] * 2
    print_documents([], "json")
    assert json.loads(capsys.readouterr().out) == {"items": []}


def test_a_difference_leaves_out_what_the_control_plane_sets() -> None:
    after = {**TEAM, "metadata": {"name": "red", "generation": 2, "revision": 9}, "status": {"conditions": []}}
    assert difference(TEAM, after, "x") == ""
    assert "+kind: Team" in difference(None, TEAM, "x")
    assert "-kind: Team" in difference(TEAM, None, "x")
