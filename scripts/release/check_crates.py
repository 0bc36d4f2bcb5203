"""Looks into packed crates: only files that a crate needs, regular ones, no path of this machine, licences.

Usage: check_crates.py ARCHIVE...
"""

import re
import sys
import tarfile
from pathlib import Path, PurePosixPath

# What a crate may have at its top level, and the files that cargo writes.
ALLOWED = {
    "Cargo.toml",
    "Cargo.toml.orig",
    "Cargo.lock",
    ".cargo_vcs_info.json",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "README.md",
    "build.rs",
    "src",
    "wit",
    "docs",
    "assets",
    "tables",
}
# Modules of tests in `src` include these.
FIXTURES = ("tests", "fixtures")
NEEDED = {"Cargo.toml", "LICENSE-MIT", "LICENSE-APACHE", "README.md"}
# Tests, and what builds leave behind.
UNWANTED = re.compile(r"/(target|node_modules|\.venv|__pycache__)/|\.(wasm|cwasm|crate|zip)$")
# crates.io takes 10 MB.
LIMIT_BYTES = 10_000_000
# This checkout, and what cargo has of the registry.
MACHINE = [str(Path.cwd()).encode(), str(Path.home() / ".cargo").encode()]


def faults(path: str) -> list[str]:
    """Returns what is wrong with an archive."""
    found, tops = [], set()
    with tarfile.open(path) as archive:
        for member in archive:
            name = PurePosixPath(member.name)
            top = name.parts[1]
            tops.add(top)
            if not member.isfile():
                found.append(f"`{name}` is not a file")
            elif name.is_absolute() or ".." in name.parts:
                found.append(f"`{name}` leads out of the archive")
            if top not in ALLOWED and name.parts[1:3] != FIXTURES:
                found.append(f"`{name}` is at no place for files of a crate")
            if UNWANTED.search(member.name):
                found.append(f"`{name}` is what a build made")
            content = archive.extractfile(member).read() if member.isfile() else b""
            found += [f"`{name}` has the path `{it.decode()}`" for it in MACHINE if it in content]
        size = archive.fileobj.seek(0, 2)
        if size > LIMIT_BYTES:
            found.append(f"{size} bytes; crates.io takes {LIMIT_BYTES}")
    found += [f"`{name}` is missing" for name in sorted(NEEDED - tops)]
    return [f"{path}: {fault}" for fault in found]


if __name__ == "__main__":
    archives = sys.argv[1:]
    found = [fault for path in archives for fault in faults(path)]
    print("\n".join(found), file=sys.stderr)
    sys.exit(1 if found or not archives else 0)
