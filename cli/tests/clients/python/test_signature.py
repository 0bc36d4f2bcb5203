"""The verifier itself: what botocore signs is accepted, and whatever is changed afterwards is not."""

import datetime
import hashlib
import unittest
import zlib
from base64 import b64encode
from urllib.parse import urlsplit

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from signature import Refused, Request, verify

KEYS = {"AKID": ("secret", "token")}
HOST = "s3.eu-central-1.amazonaws.com"


def signed(service="s3", target="/bucket/key", body=b"", method="PUT", headers=None, secret="secret"):
    """A request as botocore sends it."""
    request = AWSRequest(method, f"https://{HOST}{target}", data=body, headers=headers or {})
    request.headers["host"] = HOST
    if service == "s3" and "x-amz-content-sha256" not in request.headers:
        request.headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    # S3's signer replaces the header.
    kept = request.headers.get("x-amz-content-sha256")
    signer = auth(Credentials("AKID", secret, "token"), service, "eu-central-1")
    if service == "s3":
        signer.payload = lambda _: kept
    signer.add_auth(request)
    parts = urlsplit(request.url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    pairs = [(name.lower(), value) for name, value in request.headers.items()]
    return Request(method, target, pairs, body, True)


def streamed(body, length):
    return signed(
        body=body,
        headers={
            "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
            "x-amz-decoded-content-length": str(length),
            "x-amz-trailer": "x-amz-checksum-crc32",
        },
    )


def crc32(content):
    return b64encode(zlib.crc32(content).to_bytes(4, "big"))


def replaced(request, name, value):
    headers = [(found, value if found == name else old) for found, old in request.headers]
    return Request(request.method, request.target, headers, request.body, request.is_tls)


class Good(unittest.TestCase):
    def test_what_botocore_signs(self):
        for service, target in [
            ("s3", "/bucket/key"),
            ("s3", "/bucket/a%20b/%C3%BC%402x.png"),
            ("s3", "/bucket/100%2525.txt"),
            ("s3", "/bucket/a//b/./c"),
            ("s3", "/bucket?list-type=2&prefix=a%2Fb&lifecycle"),
            ("dynamodb", "/"),
            ("bedrock", "/model/anthropic.claude-3-haiku-20240307-v1%3A0/invoke"),
            ("execute-api", "/a//b/../c?z=1&a=2&a=1"),
        ]:
            with self.subTest(service=service, target=target):
                request = signed(service, target, b"content")
                self.assertEqual(verify(request, KEYS), ("eu-central-1", service))

    def test_a_payload_that_is_not_signed(self):
        request = signed(body=b"x", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        verify(request, KEYS)

    def test_a_payload_with_a_trailer(self):
        body = b"5\r\nhello\r\n1\r\n!\r\n0\r\nx-amz-checksum-crc32:" + crc32(b"hello!") + b"\r\n\r\n"
        verify(streamed(body, 6), KEYS)


    def test_a_path_that_s3_encodes_itself(self):
        request = signed(target="/bucket/a%402x")
        verify(Request(**(vars(request) | {"target": "/bucket/a@2x"})), KEYS)


class Tampered(unittest.TestCase):
    def assert_refused(self, code, request, keys=KEYS, now=None):
        with self.assertRaises(Refused) as refused:
            verify(request, keys, now)
        self.assertEqual(refused.exception.code, code)

    def test_method_path_query_or_header(self):
        request = signed(target="/bucket/key?a=1", headers={"content-type": "text/plain"})
        for field, value in [
            ("method", "GET"),
            ("target", "/bucket/key2?a=1"),
            ("target", "/bucket/key?a=2"),
            ("target", "/bucket/key"),
        ]:
            changed = Request(**(vars(request) | {field: value}))
            self.assert_refused("SignatureDoesNotMatch", changed)
        for name in ("content-type", "host"):
            self.assert_refused("SignatureDoesNotMatch", replaced(request, name, "other"))

    def test_a_path_encoded_twice(self):
        once = signed(target="/b/a%20b")
        twice = Request(**(vars(once) | {"target": "/b/a%2520b"}))
        self.assert_refused("SignatureDoesNotMatch", twice)

    def test_another_body(self):
        other = {"body": b"other"}
        self.assert_refused("XAmzContentSHA256Mismatch", Request(**(vars(signed(body=b"x")) | other)))
        dynamodb = vars(signed("dynamodb", "/", b"x")) | other
        self.assert_refused("SignatureDoesNotMatch", Request(**dynamodb))

    def test_a_broken_frame_length_or_checksum(self):
        end = b"0\r\nx-amz-checksum-crc32:%s\r\n\r\n"
        for body, length, code in [
            (b"hello", 5, "IncompleteBody"),
            (b"5\r\nhello\r\n" + end % crc32(b"hello"), 6, "IncompleteBody"),
            (b"5\r\nhello\r\n0\r\n\r\n", 5, "MalformedTrailerError"),
            (b"5\r\nhello\r\n" + end % crc32(b"other"), 5, "BadDigest"),
        ]:
            self.assert_refused(code, streamed(body, length))

    def test_a_key_secret_token_or_time_of_another(self):
        request = signed()
        self.assert_refused("InvalidAccessKeyId", request, {"OTHER": ("secret", "token")})
        self.assert_refused("SignatureDoesNotMatch", signed(secret="other"))
        self.assert_refused("InvalidToken", request, {"AKID": ("secret", None)})
        self.assert_refused("InvalidToken", request, {"AKID": ("secret", "other")})
        later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=6)
        self.assert_refused("RequestTimeTooSkewed", request, now=later)

    def test_a_header_that_is_not_signed(self):
        request = signed()
        request.headers.append(("x-amz-acl", "public-read"))
        self.assert_refused("AccessDenied", request)

    def test_a_scope_or_a_list_of_headers_that_was_edited(self):
        request = signed()
        authorization = request.values("authorization")[0]
        date = request.values("x-amz-date")[0][:8]
        for old, new, code in [
            (f"/{date}/", "/20000101/", "SignatureDoesNotMatch"),
            ("SignedHeaders=host;", "SignedHeaders=absent;host;", "SignatureDoesNotMatch"),
            ("SignedHeaders=host;", "SignedHeaders=x-amz-date;host;", "IncompleteSignature"),
        ]:
            self.assertIn(old, authorization)
            edited = authorization.replace(old, new)
            self.assert_refused(code, replaced(request, "authorization", edited))

    def test_no_signature_two_or_one_more_in_the_query(self):
        request = signed()
        authorization = request.values("authorization")[0]
        without = [pair for pair in request.headers if pair[0] != "authorization"]
        for headers, code in [
            (without, "MissingAuthenticationToken"),
            ([*request.headers, ("authorization", authorization)], "IncompleteSignature"),
            ([*without, ("authorization", f"{authorization}0")], "IncompleteSignature"),
        ]:
            self.assert_refused(code, Request(**(vars(request) | {"headers": headers})))
        target = {"target": f"{request.target}?X-Amz-Signature=0"}
        self.assert_refused("InvalidRequest", Request(**(vars(request) | target)))

    def test_what_s3_does_not_accept(self):
        unsigned = signed(headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
        self.assert_refused("InvalidRequest", Request(**(vars(unsigned) | {"is_tls": False})))
        other = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
        self.assert_refused("InvalidArgument", signed(headers=other))
        without = signed()
        without.headers = [pair for pair in without.headers if pair[0] != "x-amz-content-sha256"]
        self.assert_refused("SignatureDoesNotMatch", without)
        unlisted = without.values("authorization")[0].replace("x-amz-content-sha256;", "")
        self.assert_refused("InvalidRequest", replaced(without, "authorization", unlisted))
        two_hosts = signed()
        two_hosts.headers.append(("host", HOST))
        self.assert_refused("InvalidRequest", two_hosts)
        chunked = signed()
        chunked.headers.append(("transfer-encoding", "chunked"))
        self.assert_refused("NotImplemented", chunked)


if __name__ == "__main__":
    unittest.main()
