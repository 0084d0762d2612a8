"""All types of providers."""

from collections.abc import Iterable
from dataclasses import fields as fields_of
from typing import get_args

import msgspec
from pytest import mark

from config_schemas.routing.provider import PLACES, WITHOUT_PUBLIC_ADDRESS, ProviderTypeName
from data_plane.codecs.table import CODECS
from data_plane.codecs.wire import FAMILIES, WIRES
from data_plane.llm.traits import Traits
from data_plane.providers.base_url import BaseUrl
from data_plane.providers.surface import Asked, Place, ProviderType
from data_plane.providers.table import PROVIDER_TYPES

PLACE = Place("eu-central-1", "p1", "")
NAMES = sorted(PROVIDER_TYPES)
KINDS: Iterable[ProviderType] = PROVIDER_TYPES.values()


def test_there_is_one_for_each_name_in_the_schema() -> None:
    assert set(PROVIDER_TYPES) == set(get_args(ProviderTypeName))
    assert all(name == kind.name for name, kind in PROVIDER_TYPES.items())


def test_the_schema_asks_for_what_a_type_needs() -> None:
    assert {name for name, kind in PROVIDER_TYPES.items() if kind.base_url is None} == WITHOUT_PUBLIC_ADDRESS
    assert {name: kind.needs for name, kind in PROVIDER_TYPES.items() if kind.needs} == PLACES


@mark.parametrize("name", NAMES)
def test_each_speaks_wire_apis_that_are_known(name: str) -> None:
    known = {*WIRES.values(), *FAMILIES}

    assert set(PROVIDER_TYPES[name].surfaces(PLACE)) <= known


@mark.parametrize("name", NAMES)
def test_each_can_be_asked_to_generate_in_an_api_that_has_a_codec(name: str) -> None:
    generating = [wire for wire in PROVIDER_TYPES[name].surfaces(PLACE) if FAMILIES.get(wire) == "generate"]

    assert generating and set(generating) <= set(CODECS)


@mark.parametrize("name", NAMES)
def test_public_addresses_are_base_urls(name: str) -> None:
    base_url = PROVIDER_TYPES[name].base_url

    if base_url is not None:
        base = BaseUrl.parse(base_url(PLACE))
        assert base.is_tls and not base_url(PLACE).endswith("/")


@mark.parametrize("name", NAMES)
def test_paths_are_targets_in_all_cases(name: str) -> None:
    for wire, surface in PROVIDER_TYPES[name].surfaces(PLACE).items():
        for asked in (Asked("m x?#é%"), Asked("m", stream=True), Asked("m", path=b"/x:y", query=b"a=b")):
            target = surface.path(asked)
            assert target.startswith(b"/") and target.isascii() and b" " not in target and b"#" not in target, wire


@mark.parametrize("name", NAMES)
def test_what_a_type_lacks_are_traits_that_are_true_or_false(name: str) -> None:
    flags = {field.name for field in msgspec.structs.fields(Traits) if field.type is bool}

    assert PROVIDER_TYPES[name].lacks <= flags


@mark.parametrize("name", NAMES)
def test_what_must_be_given_is_of_a_place(name: str) -> None:
    assert set(PROVIDER_TYPES[name].needs) <= {field.name for field in fields_of(Place)}


def test_each_has_a_name_in_telemetry_but_those_of_which_nothing_is_known() -> None:
    assert [kind.name for kind in KINDS if not kind.telemetry_name] == ["OpenAICompatible"]


def test_each_of_the_catalog_is_in_it() -> None:
    from genai_prices.data import providers

    assert {kind.catalog for kind in KINDS} - {""} <= {provider.id for provider in providers}
