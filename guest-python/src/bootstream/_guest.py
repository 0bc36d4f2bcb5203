"""The component's export `handle`: runs the handler, and reports what it raises."""

from __future__ import annotations

import os
import sys
import traceback
from types import ModuleType, TracebackType

import wit_world
from componentize_py_types import Err
from wit_world.imports import handler_types

from . import _preload, _wasi_http, _wasm, http, log
from ._errors import Closed
from ._handler import Handler
from ._stream import Stream

_OWN_FOLDER = os.path.dirname(__file__) + "/"


def world(module_name: str, late: list[str]) -> type[wit_world.WitWorld]:
    """Imports the module with the handler, and returns the class that the component exports.

    `late` has the modules that functions import when they are called.

    Runs while the component is made. Raises `SystemExit` with a message if the module has no handler,
    or several.
    """
    # Otherwise lines would wait for the end of the invocation, and be lost if it is cut off.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    log.install(_wasm.log)
    http.set_transport(_wasi_http.send)
    module = _preload.load(module_name, late)
    handler = _find(module)
    host = _wasm.WasmHost()
    project = _preload.folder(module)

    class WitWorld(wit_world.WitWorld):
        def handle(self, event: bytes, context: handler_types.Context) -> None:
            log.set_level()
            try:
                handler.run(event, _wasm.context(context), Stream(host))
            except SystemExit as error:
                _exit(error)
            except MemoryError:
                # A trap after a refused growth of memory is reported as such.
                os.abort()
            except BaseException as error:
                _report(error, project)
                raise Err(_describe(error)) from None
            finally:
                _flush()

    return WitWorld


def _find(module: ModuleType) -> Handler:
    found = {name: one for name, one in vars(module).items() if isinstance(one, Handler)}
    handlers = set(found.values())
    if len(handlers) == 1:
        return handlers.pop()
    name = module.__name__
    if found:
        raise SystemExit(
            f"the module `{name}` has several handlers, {', '.join(sorted(found))}: keep one `@handler`"
        )
    raise SystemExit(
        f"the module `{name}` has no handler: put `@handler` of `bootstream` above a function"
    )


def _describe(error: BaseException) -> str:
    """Returns the exception as the caller sees it: its type and its text."""
    name = type(error).__qualname__
    try:
        text = str(error)
    except Exception:
        text = "its text cannot be made"
    # The bindings would abort at text that is not Unicode.
    text = text.encode(errors="backslashreplace").decode()
    return f"{name}: {text}" if text else name


def _report(error: BaseException, project: str) -> None:
    """Logs the traceback, from the handler's own lines on."""
    if isinstance(error, Closed):
        return
    own = error.with_traceback(_handler_s_part(error.__traceback__))
    text = "".join(traceback.format_exception(own))
    # The folder is one of the build, with a number for a name.
    _wasm.log("error", text.replace(f'File "{project}', 'File "').rstrip())


def _handler_s_part(trace: TracebackType | None) -> TracebackType | None:
    start = trace
    while start is not None and start.tb_frame.f_code.co_filename.startswith(_OWN_FOLDER):
        start = start.tb_next
    return start or trace


def _exit(error: SystemExit) -> None:
    code = error.code
    if code is not None and not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    _flush()
    os._exit(code or 0)


def _flush() -> None:
    for output in (sys.stdout, sys.stderr):
        try:
            output.flush()
        except (OSError, ValueError):
            # A handler may have closed or replaced it.
            continue
