"""A server with growing counters. The values of the fixture are the increments per second."""

import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def serve(text):
    """Serves the text on a free loopback port, and returns the server. Stop it with `shutdown`."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
    start = time.monotonic()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = grown(text, types, time.monotonic() - start).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def grown(text, types, seconds):
    def line(found):
        series, value = found[1], float(found[2])
        family = re.match(r"\w+", series)[0]
        gauge = types.get(family) == "gauge"
        return f"{series} {value if gauge else value * seconds!r}"

    return re.sub(r"^([a-zA-Z_]\S*) (\S+)$", line, re.sub(r'^# (?!HELP|TYPE).*\n', "", text, flags=re.M), flags=re.M)
