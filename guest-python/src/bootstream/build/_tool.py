"""Runs componentize-py, and explains its failures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

_WIT = Path(__file__).parents[1] / "wit"

_TRACEBACK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'  File "/(\d+)/')


def componentize(module: str, paths: list[Path], output: Path) -> str | None:
    """Makes a component of a module. Returns what went wrong, or `None`.

    Modules are searched in `paths`. What they print is passed on.
    """
    command = [
        sys.executable, "-c", "import componentize_py; componentize_py.script()",
        "--quiet", "--wit-path", str(_WIT), "--world", "guest",
        "--import-interface-name", "bootstream:handler/types@0.1.1=handler_types",
        "componentize", module, "--output", str(output),
    ]  # fmt: skip
    for path in paths:
        command += ["--python-path", str(path)]
    # Its own backtrace would be most of the output.
    environment = {**os.environ, "RUST_BACKTRACE": "0"}
    done = subprocess.run(
        command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        return explain(done.stderr, paths)
    sys.stderr.write(done.stderr)
    return None


def explain(output: str, paths: list[Path]) -> str:
    """Returns the exception of the component in the output of componentize-py, with paths of the build."""
    text = output.partition("\n\n\nCaused by:")[0]
    # The exception of the tool itself comes first, with that of the component as its text.
    _, is_there, inner = text.partition("\nAssertionError: ")
    if not is_there:
        return f"componentize-py failed:\n{output.strip()}"
    if not inner.startswith(_TRACEBACK):
        return inner.strip()
    frames = inner.removeprefix(_TRACEBACK)
    # The second folder is the project's. What comes before its frames is the build's machinery.
    own = frames.find('  File "/1/')
    if own > 0:
        frames = frames[own:]
    frames = _FRAME.sub(lambda match: f'  File "{_folder(int(match[1]), paths)}', frames)
    return f"the module cannot be imported:\n{_TRACEBACK}{frames.rstrip()}"


def _folder(number: int, paths: list[Path]) -> str:
    if number == 1 or number >= len(paths):
        return ""
    return f"{paths[number]}/"
