"""The source forms of a module that can be asked for by name.

Behaviors are dispatched from live functions (see ``_capture``) and workers execute
reductions (see ``_reduce``); what is here serves tools and string ``whencall``.
"""

from __future__ import annotations

from bocpy._bindings import (
    MainBindings,
    MainModuleBinder,
    bind_file,
    bind_live_module,
    bind_main,
    bind_module,
)
from bocpy._export import (
    MODULE_DUNDERS,
    BehaviorInfo,
    BOCModuleTransformer,
    ExportResult,
    WhenTransformer,
    export_main,
    export_module,
    export_module_from_file,
)
from bocpy._finder import CapturedVariableFinder
from bocpy._reduce import Reduction, reduce_source

__all__ = [
    "MODULE_DUNDERS",
    "BOCModuleTransformer",
    "BehaviorInfo",
    "CapturedVariableFinder",
    "ExportResult",
    "MainBindings",
    "MainModuleBinder",
    "Reduction",
    "WhenTransformer",
    "bind_file",
    "bind_live_module",
    "bind_main",
    "bind_module",
    "export_main",
    "export_module",
    "export_module_from_file",
    "reduce_source",
]
