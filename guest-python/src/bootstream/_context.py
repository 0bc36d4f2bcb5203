"""The metadata of an invocation."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    """Metadata of the current invocation, and of its function.

    An optional field is `None` when Lambda did not send it or sent it empty.
    """

    request_id: str
    """Lambda's id of this invocation."""
    deadline_ms: int
    """The deadline of the invocation, in milliseconds since the Unix epoch."""
    invoked_function_arn: str | None = None
    """The ARN by which the function was invoked: it may name an alias or a version."""
    trace_id: str | None = None
    """The AWS X-Ray trace header, `Root=...;Parent=...;Sampled=...`."""
    client_context: str | None = None
    """The client context of the AWS Mobile SDK, a JSON document."""
    cognito_identity: str | None = None
    """The Amazon Cognito identity of the caller, a JSON document."""
    tenant_id: str | None = None
    """The tenant of the invocation, for functions with tenant isolation."""
    function_name: str = ""
    """The function's name. Empty if unknown."""
    function_version: str = ""
    """The function's version, such as `$LATEST`. Empty if unknown."""
    memory_limit_mib: int = 0
    """The function's memory, in MiB. 0 if unknown."""

    def remaining_ms(self) -> int:
        """Returns the time until the deadline, in milliseconds, at least 0."""
        return max(0, self.deadline_ms - time.time_ns() // 1_000_000)
