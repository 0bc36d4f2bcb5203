"""Imports while the component is made: at run time there are no files to import from."""

from __future__ import annotations

import gc
import importlib
import linecache
import os
import sys
from collections.abc import Iterable
from types import ModuleType

# What the standard library imports when a function is first called.
_LATE = (
    "_strptime",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.utf_16",
    "encodings.utf_8_sig",
    "locale",
)


def load(name: str, late: Iterable[str]) -> ModuleType:
    """Imports a module, and those that its functions import when they are called.

    Raises what the module raises. The absence of a late one is a warning: it may be optional.
    """
    for one in _LATE:
        importlib.import_module(one)
    module = importlib.import_module(name)
    for one in late:
        try:
            importlib.import_module(one)
        except Exception as error:
            print(f"warning: `import {one}` in a function will fail: {error}", file=sys.stderr)
    _keep_sources(folder(module))
    gc.collect()
    # A collection at run time would write to the pages of every object that is there now.
    gc.freeze()
    return module


def folder(module: ModuleType) -> str:
    """Returns the folder of a module, with a slash at its end."""
    return os.path.dirname(module.__file__ or "") + "/"


def _keep_sources(project: str) -> None:
    """Keeps the lines of the project's modules in memory, for tracebacks."""
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path and path.endswith(".py") and path.startswith(project):
            with open(path, encoding="utf-8", errors="replace") as file:
                source = file.read()
            # An entry with a function is read only when it is needed, and not checked against a file.
            linecache.cache[path] = (lambda source=source: source,)
