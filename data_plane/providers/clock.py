"""What credentials know of time and chance, so that tests can say what they are."""

import random
import time
from collections.abc import Callable
from typing import NamedTuple


class Clock(NamedTuple):
    """`monotonic`: seconds that never jump. `wall`: seconds since 1970. `chance`: from 0 to below 1."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time  # noqa: TID251 - signatures and assertions carry a date
    chance: Callable[[], float] = random.random


SYSTEM_CLOCK = Clock()
