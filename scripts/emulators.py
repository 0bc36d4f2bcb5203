#!/usr/bin/env python3
"""emulators.py KIND EMULATOR - run `bootstrap` under the Runtime API of an emulator.

KIND is one of
  rie           AWS's Runtime Interface Emulator, as a classic function
  rie-managed   the same, as a Lambda Managed Instance with two invocations at once
  cargo-lambda  the emulator of `cargo lambda watch`
EMULATOR is its executable: `aws-lambda-rie` from AWS's releases, `cargo-lambda` from PyPI.

Needs the builds of scripts/test.sh, and for `rie-managed` bubblewrap. Everything listens on 127.0.0.1.
"""

import base64
import collections
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
DELIMITER = bytes(8)
MORE = 20
PATIENCE_S = 30


def head(status, **headers):
    return {"write_headers": {"status": status, "headers": list(headers.items())}}


Answer = collections.namedtuple("Answer", "status head headers body")


class Emulator:
    """A running emulator, and its way to invoke a function."""

    path = "/2015-03-31/functions/function/invocations"

    def __init__(self, executable, folder):
        self.port = free_port()
        self.processes = []
        self.start(executable, folder)

    def run(self, command, folder, env):
        log = open(folder / "emulator.log", "ab")
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        self.processes.append(process)

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()

    def invoke(self, steps, headers=None):
        """Returns the response: its prelude, if there is one, its headers and its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        connection.request("POST", self.path, json.dumps({"steps": steps}), headers or {})
        answer = connection.getresponse()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        return self.answer(answer.status, headers, answer.read())

    def answer(self, status, headers, body):
        """Emulators of `Invoke` pass the prelude on."""
        if DELIMITER not in body:
            return Answer(None, None, headers, body)
        prelude, body = body.split(DELIMITER, 1)
        prelude = json.loads(prelude)
        return Answer(prelude["statusCode"], prelude["headers"], headers, body)


class Rie(Emulator):
    def start(self, executable, folder):
        shutil.copy(ROOT / "target/lambda/bootstrap", folder / "bootstrap")
        self.run(
            [
                executable,
                "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
                "--runtime-api-address", f"127.0.0.1:{free_port()}",
                folder / "bootstrap",
            ],
            folder,
            environment(folder, AWS_LAMBDA_FUNCTION_TIMEOUT="5"),
        )


class ManagedRie(Emulator):
    """Starts the `bootstrap` in /var/task, which is a folder of its own here."""

    def start(self, executable, folder):
        shutil.copy(ROOT / "target/lambda/bootstrap", folder / "bootstrap")
        private = ["bwrap", "--dev-bind", "/", "/", "--tmpfs", "/var", "--bind", folder, "/var/task"]
        # Its child processes end with it.
        private += ["--unshare-pid", "--proc", "/proc", "--die-with-parent"]
        self.run(
            [
                *private, executable,
                "--runtime-interface-emulator-address", f"127.0.0.1:{self.port}",
                "--runtime-api-address", f"127.0.0.1:{free_port()}",
            ],
            folder,
            environment(
                "/var/task", AWS_LAMBDA_FUNCTION_TIMEOUT="5", AWS_LAMBDA_MAX_CONCURRENCY="2"
            ),
        )


class CargoLambda(Emulator):
    path = "/2015-03-31/functions/_/invocations"

    def start(self, executable, folder):
        (folder / "src").mkdir()
        (folder / "src/main.rs").write_text("fn main() {}\n")
        package = '[package]\nname = "function"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n'
        (folder / "Cargo.toml").write_text(package)
        address = ["--invoke-address", "127.0.0.1", "--invoke-port", str(self.port)]
        command = [executable, "lambda", "watch", "--only-lambda-apis", *address]
        self.run(command, folder, dict(os.environ))
        wait_for(self.port)
        env = environment(folder, AWS_LAMBDA_RUNTIME_API=f"127.0.0.1:{self.port}/.rt/_")
        self.run([ROOT / "target/lambda/bootstrap"], folder, env)

    def answer(self, status, headers, body):
        """Makes the prelude the head of its response."""
        return Answer(status, headers, headers, body)


KINDS = {"rie": Rie, "rie-managed": ManagedRie, "cargo-lambda": CargoLambda}


def environment(task_root, **variables):
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**inherited, "LAMBDA_TASK_ROOT": str(task_root), "_HANDLER": "handler", **variables}


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(port):
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            if time.monotonic() > until:
                sys.exit(f"nothing listens on port {port}")
            time.sleep(0.1)


def compile_handler(folder):
    guest = ROOT / "target/guests/wasm32-wasip2/release/scripted_guest.wasm"
    compiler = ROOT / "target/release/bootstream-compile"
    subprocess.run([compiler, guest, "-o", folder / "handler.cwasm"], check=True)


class Checks:
    """Reports whether each case holds, and counts failures."""

    def __init__(self):
        self.failed = 0

    def that(self, what, holds, seen):
        print(f"{'ok' if holds else 'FAILED'}: {what}" + ("" if holds else f": {seen!r:.900}"))
        self.failed += not holds


def check_every_kind(checks, emulator):
    steps = [head(201, x="1"), {"write": "hello "}, {"write": "world"}, "finish"]
    seen = emulator.invoke(steps)
    right = seen.status == 201 and seen.head["x"] == "1" and seen.body == b"hello world"
    checks.that("a stream arrives as it was sent", right, seen)
    seen = emulator.invoke([head(204), "finish"])
    checks.that("a head without a body arrives", seen.status == 204 and seen.body == b"", seen)
    seen = emulator.invoke(["trap"])
    reported = b'"errorType":"Function.Trap"' in seen.body
    checks.that("a trap is reported with its type", reported, seen)
    seen = emulator.invoke([{"error": "boom"}])
    checks.that("an error is reported with its text", b'"errorMessage":"boom"' in seen.body, seen)
    seen = emulator.invoke([{"write_pattern": {"total": 5_000_000, "chunk": 65536}}])
    whole = seen.body == bytes(i % 251 for i in range(5_000_000))
    checks.that("five megabytes arrive whole", whole, len(seen.body))


def check_context(checks, emulator):
    context = base64.b64encode(b'{"custom":{"a":"b"}}').decode()
    seen = emulator.invoke(["write_context"], {"X-Amz-Client-Context": context})
    client_context = json.loads(json.loads(seen.body)["client-context"] or "null")
    right = client_context is not None and client_context["custom"] == {"a": "b"}
    checks.that("the client context arrives", right, seen)


def check_failures_in_responses(checks, kind, emulator):
    late = [head(200), {"write": "part"}, "trap"]
    # Too long for trailers. AWS's emulator reads no more of the log after a line of 64 KiB.
    long = [head(200), {"write": "part"}, {"error": "x" * 50_000}]
    for steps, error_type in ((late, "Function.Trap"), (long, "Function.Error")):
        if kind == "rie-managed":
            seen = emulator.invoke(steps)
            reported = seen.headers.get("error-type") == error_type and error_type in str(seen.body)
            checks.that(f"{error_type} in a response is reported", reported, seen)
            continue
        # These two ignore trailers: only that the function goes on counts.
        try:
            body = emulator.invoke(steps).body
        except http.client.IncompleteRead as cut:
            body = cut.partial
        checks.that(f"{error_type} in a response keeps its data", b"part" in body, body)


def check_two_at_once(checks, emulator):
    answers = [None, None]

    def invoke(index):
        steps = [{"write": "a"}, {"sleep_ms": 1000}, {"write": str(index)}]
        answers[index] = emulator.invoke(steps).body

    # The emulator refuses an event without a waiting worker, so both workers must have polled again.
    time.sleep(0.2)
    began = time.monotonic()
    threads = [threading.Thread(target=invoke, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    checks.that("two invocations run at once", answers == [b"a0", b"a1"] and took < 1.9, (answers, took))


def check_deadline(checks, emulator):
    seen = emulator.invoke(["loop_forever"])
    reported = b"Function.DeadlineExceeded" in seen.body
    checks.that("a handler that loops is stopped in time", reported, seen)


def check_more(checks, emulator):
    right = 0
    for number in range(MORE):
        right += emulator.invoke([{"write": f"answer {number}"}]).body == b"answer %d" % number
    checks.that(f"{MORE} more invocations succeed", right == MORE, right)


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    kind, executable = sys.argv[1], pathlib.Path(shutil.which(sys.argv[2]) or sys.argv[2])
    checks = Checks()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        # AWS's emulator may run the function as another user.
        folder.chmod(0o755)
        compile_handler(folder)
        ended_well = False
        emulator = KINDS[kind](executable.resolve(), folder)
        try:
            wait_for(emulator.port)
            check_every_kind(checks, emulator)
            check_failures_in_responses(checks, kind, emulator)
            if kind == "rie-managed":
                check_two_at_once(checks, emulator)
            # The other has no timeouts, and passes no client context on.
            if kind != "cargo-lambda":
                check_context(checks, emulator)
                check_deadline(checks, emulator)
            check_more(checks, emulator)
            ended_well = not checks.failed
        finally:
            emulator.stop()
            if not ended_well:
                print((folder / "emulator.log").read_text(errors="replace")[-4000:])
    sys.exit(checks.failed > 0)


if __name__ == "__main__":
    main()
