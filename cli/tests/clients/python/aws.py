"""A local stand-in for AWS: moto, and in front of it a server that verifies signatures.

`aws.py KEY-ID SECRET [TOKEN] CERTIFICATE-FILE` prints a line with the ports and then a line for each request.
It ends when its standard input ends. A line `{"cut": BYTES}` there cuts the body of the next response, and is
acknowledged. A line `{"words": COUNT}` has the model of Bedrock go on. See ../README.md.
"""

import datetime
import hashlib
import http.client
import http.server
import ipaddress
import itertools
import json
import ssl
import sys
import tempfile
import threading
from pathlib import Path
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from moto.core import serialize
from moto.server import ThreadedMotoServer

import bedrock
from signature import Refused, Request, verify

LOCALHOST = "127.0.0.1"
BLOCK_BYTES = 64 * 1024
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "date", "server"}

printing = threading.Lock()
connections = itertools.count(1)
cuts = []


def report(value):
    with printing:
        print(json.dumps(value), flush=True)


class S3Serializer(serialize.S3Serializer):
    """moto ends the name of each result in `Response`. The SDK for Rust checks the names that S3 has."""

    NAMES = {"CompleteMultipartUploadResponse": "CompleteMultipartUploadResult"}

    def _serialize_body(self, body):
        return super()._serialize_body({self.NAMES.get(k, k): v for k, v in body.items()})


serialize.SERVICE_SPECIFIC_SERIALIZERS["s3"]["rest-xml"] = S3Serializer


class Handler(http.server.BaseHTTPRequestHandler):
    """Verifies one request after the other, and passes those that are well signed to moto."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    keys: dict
    moto_port: int
    is_tls: bool

    def setup(self):
        super().setup()
        self.connection_number = next(connections)

    def log_message(self, *_):
        pass

    def answer(self):
        # The attribute `path` folds slashes.
        method, target, _ = self.requestline.split(" ")
        headers = [(name.lower(), as_text(value)) for name, value in self.headers.items()]
        request = Request(method, target, headers, self.read_body(), self.is_tls)
        seen = {
            "method": method,
            "target": target,
            "headers": headers,
            "body_bytes": len(request.body),
            "body_sha256": hashlib.sha256(request.body).hexdigest(),
            "connection": self.connection_number,
            "tls": self.is_tls,
        }
        try:
            seen["region"], seen["service"] = verify(request, self.keys)
        except Refused as refused:
            report(seen | {"refused": refused.code, "why": refused.message})
            self.refuse(refused)
            return
        if bedrock.answers(request, seen["service"]):
            self.converse(request, seen)
        else:
            self.forward(request, seen)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

    def read_body(self):
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def refuse(self, refused):
        """Answers as AWS does: S3 repeats what it has compared, and other services the message."""
        if "json" in self.headers.get("content-type", ""):
            kind = "application/x-amz-json-1.0"
            body = json.dumps({"__type": refused.code, "message": refused.message})
        else:
            kind = "application/xml"
            parts = {"Code": refused.code, "Message": refused.message} | refused.details
            parts = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts.items())
            body = f"<?xml version='1.0' encoding='UTF-8'?><Error>{parts}</Error>"
        body = body.encode()
        self.send_response(refused.status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def converse(self, request, seen):
        self.send_response(200)
        self.send_header("content-type", "application/vnd.amazon.eventstream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        seen |= {"status": 200, "sent": 0}
        try:
            for frame in bedrock.frames(request.body):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(frame), frame))
                seen["sent"] += len(frame)
            self.wfile.write(b"0\r\n\r\n")
        except OSError as error:
            seen["broken"] = str(error)
            self.close_connection = True
        finally:
            report(seen)

    def forward(self, request, seen):
        moto = http.client.HTTPConnection(LOCALHOST, self.moto_port)
        moto.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            if name not in HOP_BY_HOP - {"date"} | {"content-length", "expect"}:
                moto.putheader(name, value.encode())
        moto.putheader("content-length", str(len(request.body)))
        moto.endheaders(request.body)
        try:
            seen["sent"] = self.relay(moto.getresponse(), seen)
        except OSError as error:
            seen["broken"] = str(error)
            self.close_connection = True
        finally:
            moto.close()
            report(seen)

    def relay(self, response, seen):
        seen["status"] = response.status
        self.send_response(response.status)
        for name, value in response.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        has_body = self.command != "HEAD" and response.status not in (204, 304)
        is_chunked = has_body and response.getheader("content-length") is None
        if is_chunked:
            self.send_header("transfer-encoding", "chunked")
        # The client that has the head may already ask for the next cut.
        cut = cuts.pop(0) if cuts and has_body else None
        self.end_headers()
        sent = 0
        while has_body and (block := response.read(BLOCK_BYTES)):
            if cut is not None and sent + len(block) > cut:
                self.wfile.write(block[: cut - sent])
                seen["sent"] = cut
                raise OSError("cut, as the test asked")
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block) if is_chunked else block)
            sent += len(block)
        if is_chunked:
            self.wfile.write(b"0\r\n\r\n")
        return sent


def as_text(value):
    # The standard library reads heads as ISO 8859-1.
    return value.encode("iso-8859-1").decode("utf-8", "replace")


def certificate(file):
    """Makes a certificate for this machine, writes it to `file`, and returns a context for servers."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOCALHOST))]
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    Path(file).write_bytes(pem)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as both:
        both.write(secret + pem)
        both.flush()
        context.load_cert_chain(both.name)
    return context


class Server(http.server.ThreadingHTTPServer):
    # A handshake must not hold up the next connection.
    context = None

    def finish_request(self, request, client_address):
        if self.context:
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)

    def handle_error(self, request, client_address):
        # Tests are also about clients that leave.
        pass


def serve(keys, moto_port, context):
    handler = type(
        "Handler", (Handler,), {"keys": keys, "moto_port": moto_port, "is_tls": bool(context)}
    )
    server = Server((LOCALHOST, 0), handler)
    server.context = context
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    key, secret, *token, file = sys.argv[1:]
    keys = {key: (secret, token[0] if token else None)}
    context = certificate(file)
    moto = ThreadedMotoServer(LOCALHOST, 0, verbose=False)
    moto.start()
    _, port = moto.get_host_and_port()
    report({"moto": port, "http": serve(keys, port, None), "https": serve(keys, port, context)})
    for line in sys.stdin:
        command = json.loads(line)
        for _ in range(command.get("words", 0)):
            bedrock.allowed.put(None)
        if "cut" in command:
            cuts.append(command["cut"])
            report({"cutting": command["cut"]})


main()
