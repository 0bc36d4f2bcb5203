"""Compares a bill of materials with the executable itself.

Usage: sbom.py SBOM EXECUTABLE STD

An executable has the paths of the sources that can panic, with the name and version of their crates. Those of the
standard library, whose crates are in the folder STD, do not count. The data of cargo-auditable, which the command has,
names all crates that are listed.
"""

import json
import re
import struct
import sys
import zlib
from pathlib import Path

SOURCE = re.compile(rb"/registry/src/[^/\0]+/([A-Za-z0-9_-]+?)-(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)/")
# Crates of our own tests, and of tests of others.
ONLY_TESTS = {"bootstream-test-support", "proptest", "aws-sigv4"}


def section(data: bytes, wanted: bytes) -> bytes | None:
    """Returns the content of a section of a 64-bit ELF file in little endian."""
    (start,) = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, start + index * size) for index in range(count)]
    strings = headers[names][4]
    for name, _, _, _, offset, length in headers:
        if data[strings + name :].startswith(wanted + b"\0"):
            return data[offset : offset + length]
    return None


def main() -> None:
    sbom, executable, std = sys.argv[1:]
    listed = {(it["name"], it["version"]) for it in json.loads(Path(sbom).read_text())["components"]}
    data = Path(executable).read_bytes()
    own = {it.name.removeprefix("lib").rpartition("-")[0] for it in Path(std).glob("*.rlib")}
    found = {(name.decode(), version.decode()) for name, version in SOURCE.findall(data)}
    found = {it for it in found if it[0].replace("-", "_") not in own}
    faults = [f"no crate is found in {executable}"] if len(found) < 10 else []
    auditable = section(data, b".dep-v0")
    if auditable is not None:
        packages = json.loads(zlib.decompress(auditable))["packages"]
        # More than the executable has: features of other members of the workspace count there.
        every = {(it["name"], it["version"]) for it in packages}
        faults += [f"{name} {version} is not in its auditable data" for name, version in sorted(listed - every)]
    elif Path(executable).name == "bootstream":
        faults.append(f"{executable} has no auditable data")
    faults += [f"{name} {version} is in {executable}, but not listed" for name, version in sorted(found - listed)]
    faults += [f"{name} is listed, and only tests need it" for name, _ in listed if name in ONLY_TESTS]
    if faults:
        sys.exit("\n".join(f"{sbom}: {fault}" for fault in faults))


main()
