"""Where the code of a behavior comes from."""

from __future__ import annotations

import importlib.util
import os
import sys
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType

__all__ = ["Origin", "classify_behavior_origin"]


class Origin(Enum):
    """What a worker can do to find the module of a behavior."""

    IMPORTABLE = "importable"
    MAIN_WITH_SOURCE = "main with source"
    INTERACTIVE = "interactive"


def classify_behavior_origin(func: FunctionType) -> Origin:
    """Tell whether the module of *func* can be imported, is a script, or neither."""
    module = func.__module__ or "__main__"
    if module == "__main__":
        source = os.path.isfile(func.__code__.co_filename)  # noqa: PTH113
        return Origin.MAIN_WITH_SOURCE if source else Origin.INTERACTIVE
    if module in sys.modules:
        return Origin.IMPORTABLE
    try:
        found = importlib.util.find_spec(module) is not None
    except Exception:  # noqa: BLE001 - a broken finder finds nothing
        found = False
    return Origin.IMPORTABLE if found else Origin.INTERACTIVE
