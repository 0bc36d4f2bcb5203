"""Verifies the signature of a request as it was received, by computing it again with botocore."""

import base64
import datetime
import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass
from urllib.parse import quote, unquote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/, ]+)/(?P<date>\d{8})/(?P<region>[a-z0-9-]+)"
    r"/(?P<service>[a-z0-9-]+)/aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;-]+)"
    r", ?Signature=(?P<signature>[0-9a-f]{64})"
)
TIMESTAMP = "%Y%m%dT%H%M%SZ"
# AWS accepts five minutes; the tests run on one machine.
LARGEST_SKEW = datetime.timedelta(minutes=5)
DIGEST = re.compile(r"[0-9a-f]{64}")
UNSIGNED = "UNSIGNED-PAYLOAD"
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
UNRESERVED = "-_.~"


@dataclass
class Request:
    method: str
    target: str
    """Path and query, as in the request line."""
    headers: list
    """Pairs of a name in lower case and a value, in the order received."""
    body: bytes
    is_tls: bool

    def values(self, name):
        return [value for found, value in self.headers if found == name]


class Refused(Exception):
    def __init__(self, status, code, message, **details):
        super().__init__(f"{code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details


class Verifier(SigV4Auth):
    """Signs exactly the headers that the request says it signs."""

    def headers_to_sign(self, request):
        signed = HTTPHeaders()
        for name, value in request.headers.items():
            signed[name.lower()] = value
        return signed


class S3Verifier(Verifier, S3SigV4Auth):
    pass


def verify(request, keys, now=None):
    """Raises `Refused` unless the request is signed with one of `keys`: `{id: (secret, token or None)}`.

    Returns the region and the service of the signature."""
    scope = parse(request)
    service = scope["service"]
    if scope["key"] not in keys:
        raise Refused(403, "InvalidAccessKeyId", "The access key id does not exist.")
    secret, token = keys[scope["key"]]
    check_token(request, token)
    timestamp = check_date(request, scope["date"], now or datetime.datetime.now(datetime.UTC))
    signed = scope["signed"].split(";")
    check_signed_headers(request, signed)
    check_payload(request, service)

    auth = (S3Verifier if service == "s3" else Verifier)(
        Credentials(scope["key"], secret), service, scope["region"]
    )
    received = as_botocore(request, signed, service)
    received.context["timestamp"] = timestamp
    canonical = auth.canonical_request(received)
    expected = auth.signature(auth.string_to_sign(received, canonical), received)
    if not hmac.compare_digest(expected, scope["signature"]):
        raise Refused(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided."
            f" The Canonical String for this request should have been\n'{canonical}'",
            AWSAccessKeyId=scope["key"],
            CanonicalRequest=canonical,
        )
    return scope["region"], service


def parse(request):
    found = request.values("authorization")
    if not found:
        raise Refused(403, "MissingAuthenticationToken", "The request is not signed.")
    if len(found) > 1:
        raise Refused(400, "IncompleteSignature", "The request has several `authorization` headers.")
    scope = AUTHORIZATION.fullmatch(found[0])
    if scope is None:
        raise Refused(400, "IncompleteSignature", f"Cannot read `{found[0]}`.")
    if "X-Amz-" in request.target.partition("?")[2]:
        raise Refused(400, "InvalidRequest", "Only one auth mechanism allowed.")
    return scope.groupdict()


def check_token(request, token):
    found = request.values("x-amz-security-token")
    if found != ([token] if token else []):
        raise Refused(
            403,
            "InvalidToken",
            f"The provided token is malformed or otherwise invalid: {found}",
            **{f"Token-{i}": value for i, value in enumerate(found)},
        )


def check_date(request, scope_date, now):
    found = request.values("x-amz-date")
    if len(found) != 1:
        raise Refused(403, "AccessDenied", "The request needs one `x-amz-date`.")
    try:
        date = datetime.datetime.strptime(found[0], TIMESTAMP).replace(tzinfo=datetime.UTC)
    except ValueError:
        raise Refused(403, "AccessDenied", f"`{found[0]}` is not a date.") from None
    if found[0][:8] != scope_date:
        raise Refused(403, "SignatureDoesNotMatch", "Date in Credential scope does not match.")
    if abs(now - date) > LARGEST_SKEW:
        raise Refused(403, "RequestTimeTooSkewed", f"`{found[0]}` is not now, {now}.")
    return found[0]


def check_signed_headers(request, signed):
    if signed != sorted(set(signed)):
        raise Refused(400, "IncompleteSignature", "`SignedHeaders` is not sorted.")
    present = {name for name, _ in request.headers}
    absent = [name for name in signed if name not in present]
    if absent:
        raise Refused(403, "SignatureDoesNotMatch", f"Signed and absent: {absent}.")
    must = {name for name in present if name.startswith("x-amz-") or name == "content-type"}
    unsigned = sorted((must | {"host"}) - set(signed))
    if unsigned:
        raise Refused(
            403, "AccessDenied", f"There were headers present which were not signed: {unsigned}"
        )
    if len(request.values("host")) != 1:
        raise Refused(400, "InvalidRequest", "The request needs one `host`.")


def check_payload(request, service):
    found = request.values("x-amz-content-sha256")
    if service == "s3" and not found:
        raise Refused(400, "InvalidRequest", "Missing required header: x-amz-content-sha256")
    if service == "s3" and request.values("transfer-encoding") and UNSIGNED_TRAILER not in found:
        raise Refused(501, "NotImplemented", "Transfer-Encoding is not implemented.")
    if len(found) > 1:
        raise Refused(400, "InvalidRequest", "Several `x-amz-content-sha256` headers.")
    if not found:
        return
    if found[0] in (UNSIGNED, UNSIGNED_TRAILER):
        if not request.is_tls:
            raise Refused(400, "InvalidRequest", f"{found[0]} needs https.")
        if found[0] == UNSIGNED_TRAILER:
            check_trailer(request)
    elif not DIGEST.fullmatch(found[0]):
        raise Refused(400, "InvalidArgument", f"x-amz-content-sha256 must not be `{found[0]}`.")
    elif hashlib.sha256(request.body).hexdigest() != found[0]:
        raise Refused(
            400, "XAmzContentSHA256Mismatch", "The provided header does not match the content."
        )


def check_trailer(request):
    """Decodes `aws-chunked`, and compares the length and, where Python has it, the checksum."""
    content, position = b"", 0
    try:
        while True:
            end = request.body.index(b"\r\n", position)
            size = int(request.body[position:end], 16)
            position = end + 2
            if size == 0:
                break
            content += request.body[position : position + size]
            position += size
            if request.body[position : position + 2] != b"\r\n":
                raise ValueError("no line feed after a chunk")
            position += 2
        lines = request.body[position:].decode().split("\r\n")
        trailers = dict(line.split(":", 1) for line in lines if line)
    except ValueError as error:
        raise Refused(400, "IncompleteBody", f"The framing is not `aws-chunked`: {error}") from None
    if request.values("x-amz-decoded-content-length") != [str(len(content))]:
        raise Refused(400, "IncompleteBody", f"The content has {len(content)} bytes.")
    if request.values("x-amz-trailer") != list(trailers):
        raise Refused(400, "MalformedTrailerError", f"The trailers are {list(trailers)}.")
    known = {
        "x-amz-checksum-crc32": zlib.crc32(content).to_bytes(4, "big"),
        "x-amz-checksum-sha1": hashlib.sha1(content).digest(),
        "x-amz-checksum-sha256": hashlib.sha256(content).digest(),
    }
    for name, value in trailers.items():
        if name in known and base64.b64decode(value) != known[name]:
            raise Refused(400, "BadDigest", f"The content does not match {name}.")


def as_botocore(request, signed, service):
    """Returns the request in the form that AWS compares: decoded, and encoded in the one way."""
    path, _, query = request.target.partition("?")
    if service == "s3":
        path = encoded(path, UNRESERVED + "/")
    pairs = []
    for pair in query.split("&") if query else []:
        name, _, value = pair.partition("=")
        pairs.append(f"{encoded(name, UNRESERVED)}={encoded(value, UNRESERVED)}")
    host = request.values("host")[0]
    url = f"https://{host}{path}" + (f"?{'&'.join(pairs)}" if pairs else "")
    received = AWSRequest(method=request.method, url=url, data=request.body)
    received.headers = HTTPHeaders()
    for name, value in request.headers:
        if name in signed:
            received.headers[name] = value
    # Read for the last line of the canonical request, signed or not.
    for value in request.values("x-amz-content-sha256"):
        if "x-amz-content-sha256" not in signed:
            received.headers["x-amz-content-sha256"] = value
    return received


def encoded(text, safe):
    return quote(unquote(text, errors="surrogateescape"), safe=safe, errors="surrogateescape")
