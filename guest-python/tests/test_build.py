"""What the build finds and corrects."""

from __future__ import annotations

from pathlib import Path

import pytest

from bootstream.build import __main__, _component, _imports, _tool


def test_imports_of_functions_are_found(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(
        "import json\n"
        "from typing import TYPE_CHECKING\n"
        "import helper\n"
        "if TYPE_CHECKING:\n"
        "    import never\n"
        "def f():\n"
        "    import zipfile, os.path\n"
        "    from package import part, value\n"
        "    def g():\n"
        "        import gzip\n"
    )
    (tmp_path / "helper.py").write_text("class C:\n  def m(self):\n    from decimal import Decimal\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("value = 1\n")
    (package / "part.py").write_text("def f():\n  from . import other\n  from .other import x\n")
    (package / "other.py").write_text("x = 1\n")

    late = _imports.late("app", [tmp_path])

    assert late == {
        "zipfile", "os.path", "package", "package.part", "gzip", "decimal", "package.other",
    }  # fmt: skip


def test_a_file_that_does_not_parse_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.py").write_text("def (:\n")

    assert _imports.late("app", [tmp_path]) == set()
    assert "is not searched for imports" in capsys.readouterr().err


def runtime() -> bytes:
    """Returns a core module with the two functions of the runtime, and two imports before them."""
    name = bytes([1]) + b"e"

    def export(text: bytes, index: int) -> bytes:
        return bytes([len(text)]) + text + bytes([0, index])

    types = b"\x02\x60\x03\x7f\x7f\x7f\x01\x7f\x60\x05\x7f\x7f\x7f\x7f\x7f\x00"
    imports = b"\x03" + name + b"\x01m\x02\x00\x01" + name + b"\x01f\x00\x01" + name + b"\x01g\x03\x7f\x00"
    exports = b"\x02" + export(b"wit_dylib_dealloc_bytes", 1) + export(b"wit_dylib_pop_list", 2)
    code = b"\x02\x02\x00\x0b\x04\x00\x41\x07\x0b"
    sections = [(1, types), (2, imports), (3, b"\x02\x01\x00"), (7, exports), (10, code)]
    body = b"".join(bytes([kind, len(data)]) + data for kind, data in sections)
    return b"\0asm\x01\0\0\0" + body


def component(*modules: bytes) -> bytes:
    body = b"".join(_component._section(1, module) for module in modules)
    return b"\0asm\x0d\0\x01\0" + body


def test_the_export_gets_a_function_that_frees() -> None:
    other = b"\0asm\x01\0\0\0"

    corrected = _component.correct(component(other, runtime()))

    modules = [body for _, body in _component._sections(corrected)]
    assert modules[0] == other
    sections = dict(_component._sections(modules[1]))
    exports = {name: index for name, index, _ in _component._exports(sections[7])}
    # One imported function and two of its own come before the new one.
    assert exports == {b"wit_dylib_dealloc_bytes": 1, b"wit_dylib_pop_list": 3}
    assert sections[3] == b"\x03\x01\x00\x00"
    assert sections[10].startswith(b"\x03\x02\x00\x0b\x04\x00\x41\x07\x0b")
    assert b"\x10\x02" in sections[10] and b"\x10\x01" in sections[10]


def test_another_component_is_not_touched() -> None:
    for modules in ([], [runtime(), runtime()]):
        with pytest.raises(_component.Unexpected, match=f"has {len(modules)} runtimes"):
            _component.correct(component(*modules))


def test_a_failure_is_told_with_the_project_s_lines() -> None:
    output = (
        'Traceback (most recent call last):\n  File "<string>", line 1, in <module>\n'
        "AssertionError: Traceback (most recent call last):\n"
        '  File "/0/bootstream_entry.py", line 3, in <module>\n    WitWorld = 1\n'
        '  File "/1/app.py", line 4, in <module>\n    f()\n'
        '  File "/2/package.py", line 3, in f\n    return 1/0\n'
        "ZeroDivisionError: division by zero\n\n\nCaused by:\n    0: wasm\n"
    )

    text = _tool.explain(output, [Path("/made"), Path("/project"), Path("/packages")])

    assert text == (
        "the module cannot be imported:\nTraceback (most recent call last):\n"
        '  File "app.py", line 4, in <module>\n    f()\n'
        '  File "/packages/package.py", line 3, in f\n    return 1/0\n'
        "ZeroDivisionError: division by zero"
    )


def test_other_failures_are_passed_on() -> None:
    no_handler = "Traceback\n  x\nAssertionError: the module `app` has no handler\n\n\nCaused by:\n    x"

    assert _tool.explain(no_handler, []) == "the module `app` has no handler"
    assert _tool.explain("killed\n", []) == "componentize-py failed:\nkilled"


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("app.py", "`app.py` is a file: name its module, `app`"),
        ("part/app.py", "`part/app.py` is a file: name its module, `part.app`"),
        ("other.py", "there is no `other.py` in"),
        ("other", "there is no `other.py` in"),
    ],
)
def test_a_module_that_is_not_there(
    argument: str,
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "part").mkdir()
    for name in ("app.py", "part/app.py"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["build", argument])

    assert __main__.main() == 1
    assert text in capsys.readouterr().err
