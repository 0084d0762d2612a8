"""Sets of IP networks that are asked about on every request: half a microsecond, however many they hold."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

from config_schemas.network import parse_address, parse_network

UNKNOWN = (0, 0)  # an address of no version, which lies in no network
MAX_ADDRESSES = 8192  # read lately; a flood of others costs each a parse, 2 us
MAX_SETS = 1024

Ranges = tuple[list[int], list[int]]  # first numbers, sorted, and their last numbers; no two touch


@lru_cache(MAX_ADDRESSES)
def number_of(address: str) -> tuple[int, int]:
    """Version and number; `UNKNOWN` for what is no address."""
    try:
        return parse_address(address)
    except ValueError:
        return UNKNOWN


class NetworkSet:
    """Immutable. `address in networks` takes text; what is no address is in no set."""

    __slots__ = ("_ranges",)

    def __init__(self, networks: Iterable[str] = ()) -> None:
        by_version: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
        for network in networks:
            version, first, last = parse_network(network)
            by_version[version].append((first, last))
        self._ranges = {version: _joined(found) for version, found in by_version.items() if found}

    def __contains__(self, address: str) -> bool:
        version, number = number_of(address)
        ranges = self._ranges.get(version)
        if ranges is None:
            return False
        place = bisect_right(ranges[0], number) - 1
        return place >= 0 and number <= ranges[1][place]

    def __bool__(self) -> bool:
        return bool(self._ranges)


@lru_cache(MAX_SETS)
def network_set(networks: tuple[str, ...]) -> NetworkSet:
    """The set of these networks; the same one as long as a configuration keeps them, in all its revisions."""
    return NetworkSet(networks)


def _joined(ranges: list[tuple[int, int]]) -> Ranges:
    """Sorted, with those that overlap or touch as one."""
    firsts: list[int] = []
    lasts: list[int] = []
    for first, last in sorted(ranges):
        if lasts and first <= lasts[-1] + 1:
            lasts[-1] = max(lasts[-1], last)
        else:
            firsts.append(first)
            lasts.append(last)
    return firsts, lasts
