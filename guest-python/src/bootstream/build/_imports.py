"""What the functions of a program import when they are called.

A component has the modules that were imported while it was made, and no files. So the imports of
functions have to be known then.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path


def find(module: str, paths: list[Path]) -> Path | None:
    """Returns the source of a module, or `None` if the folders do not have it."""
    for path in paths:
        base = path.joinpath(*module.split("."))
        for file in (base / "__init__.py", base.with_name(f"{base.name}.py")):
            if file.is_file():
                return file
    return None


def late(module: str, paths: list[Path]) -> set[str]:
    """Returns the modules that functions of a module and of its imports in the folders import."""
    found: set[str] = set()
    seen: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        # This package imports at the top, and has parts that are not for components.
        file = None if name.partition(".")[0] == "bootstream" else find(name, paths)
        if file is None:
            continue
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for imported, is_late in _imports(_parse(file), package, paths):
            waiting.append(imported)
            if is_late:
                found.add(imported)
    return found


def _parse(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        # The component's Python is newer than this one, and reports an error if it is one there.
        print(f"warning: `{file}` is not searched for imports: {error}", file=sys.stderr)
        return ast.Module([], [])


def _imports(
    node: ast.AST, package: str, paths: list[Path], is_late: bool = False
) -> Iterator[tuple[str, bool]]:
    """Yields the imports below a node, and whether they are in a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        for name in _names(child, package, paths):
            yield name, is_late
        inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from _imports(child, package, paths, is_late or inside)


def _names(node: ast.AST, package: str, paths: list[Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parents, *filter(None, [base])])
        if base:
            yield base
        for alias in node.names:
            # What is imported from a package may be a module of it.
            if find(name := f"{base}.{alias.name}", paths):
                yield name
