"""Runs the quickstart as a service, with traffic."""

import http.client
import json
import os
import re
import subprocess
import threading
import urllib.request

from .files import ROOT, WORK

PROGRAM = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/examples/quickstart"
QUESTIONS = ["Which product sold most?", "What is the total amount by region?"]


class Quickstart:
    """Serves within a `with` block, under constant traffic. Some clients do not wait for the answer."""

    def __init__(self, model):
        self.model = model
        self.ended = threading.Event()

    def __enter__(self):
        command = [PROGRAM, "serve", "--port", "0", "--exporter", "prometheus", "--metrics-listen", "127.0.0.1:0",
                   "--model", self.model]
        with (WORK / f"{self.model}.log").open("w") as log:
            # Several quickstarts run at once, and none of them needs its own page.
            env = {**os.environ, "THROUGHLINE_VIEWER_LISTEN": "none"}
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=env)
        self.url = self.printed(r"tasks: curl (\S+) ")
        self.page = self.printed(r"metrics: http://(\S+)/metrics")
        self.traffic = threading.Thread(target=self.ask_on)
        self.traffic.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.traffic.join(timeout=120)
        self.process.terminate()
        self.process.wait(timeout=120)

    def printed(self, pattern):
        line = self.process.stdout.readline()
        found = re.match(pattern, line)
        if not found:
            self.process.terminate()
            raise RuntimeError(f"the quickstart printed {line!r}, expected {pattern}")
        return found[1]

    def ask_on(self):
        while not self.ended.wait(0.2):
            for question, patience in [*((each, 60) for each in QUESTIONS), (QUESTIONS[0], 0.05)]:
                self.post(question, patience)

    def post(self, question, patience):
        body = json.dumps({"query": question}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        try:
            urllib.request.urlopen(request, timeout=patience).read()
        except (OSError, http.client.HTTPException):
            pass  # Failures are part of the traffic. Prometheus measures them.

    def metrics(self):
        with urllib.request.urlopen(f"http://{self.page}/metrics", timeout=60) as response:
            return response.read().decode()
