"""The wall clock. What only measures how long something takes uses a steady clock instead, for this one jumps."""

import time

wall_clock = time.time  # noqa: TID251 - seconds since 1970: for dates in records, and for what expires at one
