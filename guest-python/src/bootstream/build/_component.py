"""Corrects the runtime of componentize-py in a component.

Its runtime copies each argument of the type `list<u8>` and never frees the copy, so a handler needs as
much memory as it writes. The runtime already has a list of what to free after a call; this module adds
the copies to it. In the core module of the runtime, the exported function

    wit_dylib_pop_list(call, type, pointer) -> length

stores the address of the copy at `pointer`, or zero for other lists. Its export gets a new function,
which calls it and then hands the copy to the runtime's own

    wit_dylib_dealloc_bytes(call, address, size, align, defer)
"""

from __future__ import annotations

from collections.abc import Iterator

_POP = b"wit_dylib_pop_list"
_FREE = b"wit_dylib_dealloc_bytes"

_HEADER_BYTES = 8
_CORE_MODULE = 1
_IMPORTS, _FUNCTIONS, _EXPORTS, _CODE = 2, 3, 7, 10


class Unexpected(Exception):
    """The component is not one that componentize-py makes."""


def correct(component: bytes) -> bytes:
    """Returns the component with a runtime that frees what it has copied.

    Raises `Unexpected` if there is not exactly one runtime in it.
    """
    output = bytearray(component[:_HEADER_BYTES])
    corrected = 0
    for kind, body in _sections(component):
        if kind == _CORE_MODULE and _is_runtime(body):
            body = _correct_runtime(body)
            corrected += 1
        output += _section(kind, body)
    if corrected != 1:
        raise Unexpected(
            f"the component has {corrected} runtimes of componentize-py where one was expected"
        )
    return bytes(output)


def _is_runtime(module: bytes) -> bool:
    sections = dict(_sections(module))
    names = {name for name, _, _ in _exports(sections.get(_EXPORTS, b"\0"))}
    return {_POP, _FREE} <= names


def _correct_runtime(module: bytes) -> bytes:
    sections = dict(_sections(module))
    exports = {name: (index, place) for name, index, place in _exports(sections[_EXPORTS])}
    pop, place = exports[_POP]
    free, _ = exports[_FREE]
    imported = _imported_functions(sections[_IMPORTS])
    types, _ = _vector(sections[_FUNCTIONS])
    output = bytearray(module[:_HEADER_BYTES])
    for kind, body in _sections(module):
        if kind == _FUNCTIONS:
            body = _append(body, _encode(types[pop - imported]))
        elif kind == _CODE:
            code = _pop_and_free(pop, free)
            body = _append(body, _encode(len(code)) + code)
        elif kind == _EXPORTS:
            body = body[: place[0]] + _encode(imported + len(types)) + body[place[1] :]
        output += _section(kind, body)
    return bytes(output)


def _pop_and_free(pop: int, free: int) -> bytes:
    call, kind, pointer, length, address = (b"\x20" + _encode(local) for local in range(5))
    return b"".join([
        b"\x01\x02\x7f",  # two locals of the type i32: length and address
        call, kind, pointer, b"\x10", _encode(pop), b"\x21\x03",  # length = pop(...)
        pointer, b"\x28\x02\x00", b"\x22\x04",  # address = load(pointer)
        b"\x04\x40",  # if it is not zero
        call, address, length, b"\x41\x01", b"\x41\x01",  # an alignment of 1, deferred
        b"\x10", _encode(free), b"\x0b",
        length, b"\x0b",
    ])  # fmt: skip


def _sections(binary: bytes) -> Iterator[tuple[int, bytes]]:
    position = _HEADER_BYTES
    while position < len(binary):
        kind = binary[position]
        size, start = _decode(binary, position + 1)
        position = start + size
        yield kind, binary[start:position]


def _section(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _encode(len(body)) + body


def _append(vector: bytes, item: bytes) -> bytes:
    count, start = _decode(vector, 0)
    return _encode(count + 1) + vector[start:] + item


def _vector(body: bytes) -> tuple[list[int], int]:
    count, position = _decode(body, 0)
    items = []
    for _ in range(count):
        item, position = _decode(body, position)
        items.append(item)
    return items, position


def _exports(body: bytes) -> Iterator[tuple[bytes, int, tuple[int, int]]]:
    """Yields the name and the index of each export, and where the index is."""
    count, position = _decode(body, 0)
    for _ in range(count):
        name, position = _name(body, position)
        index, end = _decode(body, position + 1)
        yield name, index, (position + 1, end)
        position = end


def _imported_functions(body: bytes) -> int:
    count, position = _decode(body, 0)
    functions = 0
    for _ in range(count):
        for _ in range(2):
            _, position = _name(body, position)
        kind = body[position]
        position += 1
        if kind == 0:
            functions += 1
            _, position = _decode(body, position)
        elif kind in (1, 2):
            position = _limits(body, position + (1 if kind == 1 else 0))
        elif kind == 3:
            position += 2
        else:
            raise Unexpected(f"the runtime has an import of an unknown kind, {kind}")
    return functions


def _limits(body: bytes, position: int) -> int:
    has_maximum = body[position] & 1
    _, position = _decode(body, position + 1)
    return _decode(body, position)[1] if has_maximum else position


def _name(body: bytes, position: int) -> tuple[bytes, int]:
    length, start = _decode(body, position)
    return body[start : start + length], start + length


def _decode(data: bytes, position: int) -> tuple[int, int]:
    """Decodes an unsigned LEB128 number, and returns it and the position behind it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


def _encode(value: int) -> bytes:
    output = bytearray()
    while value >= 0x80:
        output.append(value & 0x7F | 0x80)
        value >>= 7
    output.append(value)
    return bytes(output)
