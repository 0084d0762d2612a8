"""The table of provider types, beside what resources may say."""

from typing import get_args

from config_schemas.routing.provider import PLACES, WITHOUT_PUBLIC_ADDRESS, ProviderTypeName
from data_plane.codecs.table import CODECS, UNARY
from data_plane.codecs.wire import FAMILIES, WIRES
from data_plane.providers.surface import Place
from data_plane.providers.table import PROVIDER_TYPES

SOMEWHERE = Place("eu-west-1", "acme", "2025-04-01-preview")


def test_each_type_that_a_resource_may_name_is_there() -> None:
    assert set(PROVIDER_TYPES) == set(get_args(ProviderTypeName))
    assert all(name == kind.name for name, kind in PROVIDER_TYPES.items())


def test_admission_asks_for_what_a_type_needs() -> None:
    assert {name for name, kind in PROVIDER_TYPES.items() if kind.base_url is None} == WITHOUT_PUBLIC_ADDRESS
    assert {name: kind.needs for name, kind in PROVIDER_TYPES.items() if kind.needs} == PLACES


def test_what_a_type_speaks_is_a_wire_api_that_somebody_asks_for_or_translates_to() -> None:
    known = {*WIRES.values(), *CODECS, *UNARY}
    for kind in PROVIDER_TYPES.values():
        assert set(kind.surfaces(SOMEWHERE)) <= known, kind.name


def test_each_wire_api_that_is_translated_has_a_codec() -> None:
    assert set(FAMILIES) == {*CODECS, *UNARY}
