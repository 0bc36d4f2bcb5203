"""Finds dead links in a built book: files that are missing, and anchors that no page has.

Usage: check.py FOLDER [REPOSITORY_URL ROOT]: links to REPOSITORY_URL/blob/main must be files below ROOT.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    def __init__(self, path: Path):
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" and value:
                self.ids.add(value)
            elif name in ("href", "src") and value:
                self.targets.append(value)


def dead(folder: Path, repository: str, root: Path) -> list[str]:
    folder = folder.resolve()
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    assert len(pages) > 10, f"{folder} is not a book"
    found = []
    for path, page in pages.items():
        # This page may be served for any address.
        if path.name == "404.html":
            continue
        for target in page.targets:
            url = urlsplit(target)
            if target.startswith(f"{repository}/blob/main/"):
                file = root / unquote(url.path.split("/blob/main/", 1)[1])
                fine = file.exists()
            elif url.scheme or url.netloc:
                continue
            else:
                file = (path.parent / unquote(url.path)).resolve() if url.path else path
                fine = file.exists()
                if fine and url.fragment and file in pages:
                    fine = unquote(url.fragment) in pages[file].ids
            if not fine:
                found.append(f"{path.relative_to(folder)}: {target}")
    return found


if __name__ == "__main__":
    links = dead(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    print("\n".join(links), file=sys.stderr)
    sys.exit(1 if links else 0)
