"""`get` against the API."""

import json

import pytest
import yaml

from tests.fakes.served_api import Following, Isthmus, ServedApi

TEAM = "apiVersion: isthmus.dev/v1\nkind: Team\nmetadata: {name: red, labels: {tier: a}}\nspec: {displayName: Red}\n"
OTHERS = TEAM.replace("red", "blue").replace("tier: a", "tier: b") + "---\n" + TEAM.replace("red", "green")


@pytest.fixture(autouse=True)
def red(api: ServedApi, isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=TEAM)


@pytest.mark.parametrize("kind", ["Team", "team", "teams", "TEAMS"])
def test_a_kind_is_known_in_each_of_its_forms(isthmus: Isthmus, kind: str) -> None:
    head, line = isthmus("get", kind).lines
    assert head == "TENANT NAME REVISION GENERATION STATUS SUMMARY"
    tenant, name, _, generation, status, summary = line.split()
    assert (tenant, name, generation, status, summary) == ("default", "red", "1", "NoReplicas", "Red")


def test_an_unknown_kind_is_answered_with_those_that_there_are(isthmus: Isthmus) -> None:
    ran = isthmus("get", "teem")
    assert ran.status == 2
    assert ran.err.startswith("isthmus: there is no kind 'teem'; there are tenants, secrets, gateways, teams,")


def test_yaml_and_json_are_whole_resources(isthmus: Isthmus) -> None:
    one = yaml.safe_load(isthmus("get", "team", "red", "-o", "yaml").out)
    assert list(one) == ["apiVersion", "kind", "metadata", "spec", "status"]
    assert json.loads(isthmus("get", "team", "red", "-o", "json").out) == one
    assert json.loads(isthmus("get", "teams", "-o", "json").out) == {"items": [one]}


def test_labels_and_tenants_narrow_a_list(isthmus: Isthmus) -> None:
    isthmus("apply", "-f", "-", stdin=OTHERS)
    names = [line.split()[1] for line in isthmus("get", "teams", "-l", "tier=a").lines[1:]]
    assert names == ["green", "red"]
    assert isthmus("get", "teams", "-t", "platform").err == "there are no teams\n"
    assert len(isthmus("get", "teams", "-A").lines) == 4
    assert isthmus("get", "teams", "-l", "tier=").out == ""


def test_what_is_not_there_is_one_line_and_status_4(isthmus: Isthmus) -> None:
    ran = isthmus("get", "team", "none")
    assert (ran.status, ran.err) == (4, "isthmus: Team 'none' does not exist in tenant 'default'\n")


def test_a_name_goes_with_one_tenant(isthmus: Isthmus) -> None:
    assert isthmus("get", "team", "red", "-A").status == 2


@pytest.mark.parametrize("form", ["table", "json"])
def test_watch_prints_what_there_is_and_then_changes(api: ServedApi, isthmus: Isthmus, form: str) -> None:
    with Following("get", "teams", "red", "--watch", "-o", form) as watch:
        assert "listed" in watch.line()
        isthmus("apply", "-f", "-", stdin=OTHERS + "---\n" + TEAM.replace("Red", "Rot"))
        assert "modified" in (line := watch.line())
        assert "Rot" in line
        isthmus("delete", "team", "red")
        assert "deleted" in watch.line()
        assert watch.interrupt() == 130
