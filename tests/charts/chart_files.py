"""The chart's own programs, as modules: in a pod they lie in one folder, and find each other there."""

import importlib
import sys
from types import ModuleType

from tests.charts.chart import CHART

FILES = CHART / "files"


def load(name: str) -> ModuleType:
    """Import a program of the chart."""
    if str(FILES) not in sys.path:
        sys.path.append(str(FILES))
    return importlib.import_module(name)
