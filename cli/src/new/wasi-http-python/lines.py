"""What the service says, apart from the host: tests run it as any other Python."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit


def count_in(path_with_query: str | None) -> int:
    """Returns how many numbers a request asks for."""
    query = parse_qs(urlsplit(path_with_query or "").query)
    return int(query.get("count", ["3"])[0])


def lines(count: int) -> Iterator[bytes]:
    for number in range(1, count + 1):
        yield f"Number: {number}\n".encode()
    yield b"Streaming complete!\n"
