"""The command `python -m bootstream.build`."""

from __future__ import annotations

import argparse
import importlib.metadata
import sys
import sysconfig
import tempfile
from pathlib import Path

from . import _component, _imports, _tool

# The version whose runtime `_component` corrects.
_VERSION = "0.25.1"

_ENTRY = """\
from bootstream import _guest

WitWorld = _guest.world({module!r}, {late!r})
"""


def main() -> int:
    """Makes the component that the arguments ask for, and returns the exit code."""
    arguments = _parse()
    folder = Path.cwd()
    module: str = arguments.module
    if not _imports.find(module, [folder]):
        return _fail(_missing(module, folder))
    if error := _check_tool():
        return _fail(error)
    output: Path = arguments.output
    packages = [Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))]
    # An editable installation of this package is elsewhere.
    own = Path(__file__).parents[2]
    paths = list(dict.fromkeys([folder, *packages, own]))
    late = sorted(_imports.late(module, paths))
    with tempfile.TemporaryDirectory() as made:
        entry = Path(made, "bootstream_entry.py")
        entry.write_text(_ENTRY.format(module=module, late=late))
        component = Path(made, "component.wasm")
        if error := _tool.componentize("bootstream_entry", [Path(made), *paths], component):
            return _fail(error)
        try:
            output.write_bytes(_component.correct(component.read_bytes()))
        except (OSError, _component.Unexpected) as error:
            return _fail(str(error))
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bootstream.build",
        description="Makes the component of a handler, in the folder of its module.",
    )
    parser.add_argument("module", nargs="?", default="app", help="its module [default: app]")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("handler.wasm"), metavar="FILE",
        help="the component to write [default: handler.wasm]",
    )  # fmt: skip
    return parser.parse_args()


def _missing(module: str, folder: Path) -> str:
    path = Path(module)
    if path.suffix != ".py":
        return f"there is no `{module.replace('.', '/')}.py` in `{folder}`"
    if not (folder / path).is_file():
        return f"there is no `{module}` in `{folder}`"
    name = ".".join(path.with_suffix("").parts)
    return f"`{module}` is a file: name its module, `{name}`"


def _check_tool() -> str | None:
    install = f"`{sys.executable} -m pip install componentize-py=={_VERSION}`"
    try:
        found = importlib.metadata.version("componentize-py")
    except importlib.metadata.PackageNotFoundError:
        return f"componentize-py is not installed: {install}"
    if found != _VERSION:
        return f"componentize-py {found} is installed, but this package needs {_VERSION}: {install}"
    return None


def _fail(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
