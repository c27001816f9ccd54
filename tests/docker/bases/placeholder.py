"""Answers every question over HTTP with 200, on the port it is given: in the place of a program that cannot be had."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Healthchecks are no news."""


print("A placeholder: it answers healthchecks, and does nothing else.", flush=True)
HTTPServer(("0.0.0.0", int(sys.argv[1])), Answering).serve_forever()
