"""Which records have been stored, as far as we remember: they come in order, so a few ranges tell all."""

from bisect import bisect_right
from collections import OrderedDict

MAX_RANGES = 64  # of one process; each gap is a record that was lost, or came by another collector
MAX_WRITERS = 10_000  # processes that are remembered; the one that wrote longest ago goes

Writer = tuple[str, str, int, int]  # gateway, node, worker, incarnation


class Ranges:
    """A set of numbers. Beyond the bound it forgets the lowest."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # the first number behind each range

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self._starts, number) - 1
        return index >= 0 and number < self._ends[index]

    def add(self, number: int) -> None:
        starts, ends = self._starts, self._ends
        if ends and number == ends[-1]:  # nearly always
            ends[-1] += 1
            return
        if number in self:
            return
        index = bisect_right(starts, number)
        joins_left = index > 0 and ends[index - 1] == number
        joins_right = index < len(starts) and starts[index] == number + 1
        if joins_left and joins_right:
            ends[index - 1] = ends.pop(index)
            del starts[index]
        elif joins_left:
            ends[index - 1] += 1
        elif joins_right:
            starts[index] = number
        else:
            starts.insert(index, number)
            ends.insert(index, number + 1)
            if len(starts) > MAX_RANGES:
                del starts[0], ends[0]


class Stored:
    """What has been stored, by who wrote it. It may forget, and knows nothing of what was before its start: the store
    itself tells a record that it has."""

    def __init__(self) -> None:
        self._by_writer: OrderedDict[Writer, Ranges] = OrderedDict()

    def has(self, writer: Writer, sequence: int) -> bool:
        ranges = self._by_writer.get(writer)
        return ranges is not None and sequence in ranges

    def add(self, writer: Writer, sequence: int) -> None:
        ranges = self._by_writer.get(writer)
        if ranges is None:
            ranges = self._by_writer[writer] = Ranges()
            if len(self._by_writer) > MAX_WRITERS:
                self._by_writer.popitem(last=False)
        else:
            self._by_writer.move_to_end(writer)
        ranges.add(sequence)
