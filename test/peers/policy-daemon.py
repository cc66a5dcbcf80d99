"""A policy server as people write them: answers by the recipient's local part, and writes down what it was asked."""

import json
import socketserver
import sys

ACTIONS = {
    "bcc": "BCC log@example.org",
    "defer": "DEFER_IF_PERMIT 4.7.0 Come back later",
    "discard": "DISCARD trash",
    "filter": "FILTER smtp:[127.0.0.1]:10025",
    "hold": "HOLD looks odd",
    "prepend": "PREPEND X-Policy: one",
    "redirect": "REDIRECT trap@example.org",
    "reject": "reject 5.7.27 No mail for you",
    "warn": "WARN odd client",
}


class Policy(socketserver.StreamRequestHandler):
    def handle(self):
        request = {}
        for raw in self.rfile:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition("=")
                request[name] = value
                continue
            request["connection"] = id(self)
            with open(sys.argv[2], "a", encoding="utf-8") as log:
                log.write(json.dumps(request) + "\n")
            action = ACTIONS.get(request["recipient"].split("@")[0], "DUNNO")
            self.wfile.write(f"action={action}\n\n".encode())
            request = {}


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


Server(sys.argv[1], Policy).serve_forever()
