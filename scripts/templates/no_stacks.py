"""CloudFormation of an account without stacks, on this machine.

`osls package` compares the layer with that of the deployed stack, so it asks for the stack first. Prints its port.
"""

from http.server import BaseHTTPRequestHandler, HTTPServer

ANSWER = b"""<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>ValidationError</Code><Message>Stack with id streaming does not exist</Message></Error></ErrorResponse>"""


class NoStacks(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(400)
        self.send_header("content-type", "text/xml")
        self.send_header("content-length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), NoStacks)
    print(server.server_port, flush=True)
    server.serve_forever()
