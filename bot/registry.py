"""A folder is a register: {file name: module}. Adding a word is adding a file."""

import importlib
import pkgutil
from functools import cache
from types import ModuleType


@cache
def leaves(package: str) -> dict[str, ModuleType]:
    """The modules that stand directly in a package, by name, in alphabetical order."""
    folder = importlib.import_module(package)
    names = sorted(found.name for found in pkgutil.iter_modules(folder.__path__))
    return {name: importlib.import_module(f"{package}.{name}") for name in names}
