"""Compares two hosts of one component: `wasmtime serve`, and `bootstream dev` as a function URL.

    differential.py proxies|services SERVE-PORT DEV-PORT SEED COUNT

Sends the requests of COUNT generated ones to both, and then those of the table of ends. The response of `serve`, changed as
`documented.py` says, must be that of `dev`: status, headers, body, how the body ended, and what the component saw of
the request.

`serve` loses bodies on a busy machine: a task that ends takes with it what was not sent yet, and the response is
complete all the same. So a difference counts if `serve` repeats it; `dev` is asked once.

Prints each difference, and last a JSON object: the number of `requests`, of those that the component `described`, of rows
of the table of `ends`, how many `connections` each server needed, and the number of `differences`. Fails if there are
any.
"""

import importlib
import json
import random
import sys
import threading

import documented
import ends
from request import HOST, Request
from wire import Connection

# How often `serve` is asked.
ATTEMPTS = 5


def differences(generator, request, serve, dev):
    """Yields what differs, what should be there, and what is."""
    if dev.status == 400 and serve.status in (0, 400) and not dev.body:
        return  # Neither reads such a request.
    if serve.status != dev.status:
        yield "status", serve.status, dev.status
        return
    if serve.end != dev.end:
        yield "end", serve.end, dev.end
    there = [it for it in serve.headers if generator.ANNOUNCES_LENGTH or it[0] != "content-length"]
    here = [it for it in dev.headers if it[0] != "date"]
    yield from unequal("header", documented.response_headers(there), documented.comparable_headers(here))
    wanted, should_see = generator.described(serve.body)
    got, sees = generator.described(dev.body)
    if wanted != got:
        yield "body", wanted, got
    if should_see and sees:
        yield from unequal("request", expected_view(should_see, request), view(sees))
    elif should_see or sees:
        yield "description", should_see, sees


def expected_view(seen, request):
    """What the component has to see of its request behind a function URL, for what it saw behind `serve`."""
    headers = documented.request_headers(seen["headers"])
    if request.body:
        # An event is made from a whole body, however that was framed.
        headers["content-length"] = str(len(request.body))
    # `serve` does not tell a service of WASI 0.3 its authority.
    addressed = {"scheme": "http", "authority": HOST}
    return {**seen, **addressed, "target": documented.target(seen["target"]), "headers": headers}


def view(seen):
    headers = [it for it in seen["headers"] if it[0] not in documented.ADDED_TO_REQUESTS]
    return {**seen, "headers": documented.request_headers(headers)}


def unequal(what, wanted, got):
    for key in sorted(wanted.keys() | got.keys()):
        left, right = wanted.get(key), got.get(key)
        if left != right:
            if isinstance(left, dict) and isinstance(right, dict):
                yield from unequal(f"{what} {key}", left, right)
            else:
                yield f"{what} {key}", left, right


def shown(value, size=200):
    value = repr(value)
    return value if len(value) <= size else f"{value[:size]}... ({len(value)} characters)"


def compare(generator, ports, seed, count):
    """Sends the generated requests to both servers at a time. Returns the numbers for the summary."""
    source = random.Random(seed)
    requests = [generator.request(source) for _ in range(count)]
    answers = [[], []]
    connections = [Connection(port) for port in ports]

    def send(connection, responses):
        responses += [connection.exchange(request.encode(), request.method) for request in requests]

    threads = [threading.Thread(target=send, args=pair) for pair in zip(connections, answers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = described = 0
    for number, (request, there, here) in enumerate(zip(requests, *answers, strict=True)):
        unequal_parts = list(differences(generator, request, there, here))
        for _ in range(ATTEMPTS - 1):
            if not unequal_parts:
                break
            again = connections[0].exchange(request.encode(), request.method)
            unequal_parts = list(differences(generator, request, again, here))
        for what, wanted, got in unequal_parts:
            found += 1
            print(f"{number}: {request.method} {request.target!r}: {what}: {shown(wanted)} became {shown(got)}")
        described += generator.described(here.body)[1] is not None
    made = [connection.made for connection in connections]
    return {"requests": count, "described": described, "connections": made, "differences": found}


def compare_ends(rows, ports):
    """Returns the number of rows in which a server does not do what the table says."""
    found = 0
    connections = [Connection(port) for port in ports]
    for name, what, *expected in rows:
        script = [("x-script", json.dumps({"steps": what}))] if isinstance(what, list) else []
        target = "/" if script else what
        request = Request("GET", target.encode(), script).encode()
        servers = zip(("serve", "dev"), connections, expected, (ATTEMPTS, 1))
        for server, connection, wanted, attempts in servers:
            for _ in range(attempts):
                response = connection.exchange(request, "GET")
                if wanted.allows(response):
                    break
            else:
                found += 1
                print(f"{server}: {name}: expected {wanted}, got {response.status} {shown(response.body)} {response.end}")
    return found


def main():
    world, *numbers = sys.argv[1:]
    serve, dev, seed, count = map(int, numbers)
    summary = compare(importlib.import_module(world), (serve, dev), seed, count)
    rows = {"proxies": ends.PROXY, "services": ends.SERVICE}[world]
    summary["ends"] = len(rows)
    summary["differences"] += compare_ends(rows, (serve, dev))
    print(json.dumps(summary))
    return summary["differences"] > 0


if __name__ == "__main__":
    sys.exit(main())
