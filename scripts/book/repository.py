"""A preprocessor of mdBook: links of a page to files outside docs/ lead to the repository.

The pages are read in the repository as well, where such a link is a relative path.
"""

import json
import posixpath
import re
import sys

LINK = re.compile(r"\]\((?!\w+:|#)([^)\s]+)\)")


def rewritten(page: str, text: str, repository: str) -> str:
    """Returns a page whose path is relative to docs/, with its links outside docs/ made absolute."""

    def target(match: re.Match) -> str:
        path, _, fragment = match[1].partition("#")
        within = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), path))
        if within == "docs/README.md":
            # mdBook calls it index.html, and does not change links to it.
            path = posixpath.join(posixpath.dirname(path), "index.md")
        elif not within.startswith("docs/"):
            path = f"{repository}/blob/main/{within}"
        return f"]({path}{'#' + fragment if fragment else ''})"

    parts = re.split(r"(^```.*?^```$)", text, flags=re.S | re.M)
    return "".join(part if part.startswith("```") else LINK.sub(target, part) for part in parts)


def chapters(items: list):
    for item in items:
        if isinstance(item, dict) and "Chapter" in item:
            yield item["Chapter"]
            yield from chapters(item["Chapter"]["sub_items"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["supports"]:
        sys.exit(0)
    context, book = json.load(sys.stdin)
    repository = context["config"]["output"]["html"]["git-repository-url"]
    for chapter in chapters(book.get("items") or book["sections"]):
        if chapter["source_path"]:
            chapter["content"] = rewritten(chapter["source_path"], chapter["content"], repository)
    json.dump(book, sys.stdout)
