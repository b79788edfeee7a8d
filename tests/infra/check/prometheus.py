"""A real Prometheus with the configuration of the example."""

import json
import math
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from .files import INFRA, WORK, read_yaml

DEADLINE = 600


class Prometheus:
    """Runs within a `with` block. `places` maps the targets of the example; `jobs` are scraped in addition."""

    def __init__(self, name, places, jobs):
        self.folder = WORK / name
        self.places = places
        self.jobs = jobs
        self.end = time.monotonic() + DEADLINE

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(INFRA / "prometheus/rules", self.folder / "rules")
        # Bound until the end, so that no other process receives the port. Prometheus can still listen on it, because it
        # sets SO_REUSEADDR.
        self.held = socket.socket()
        self.held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.held.bind(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.held.getsockname()[1]}"
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(self.config()))
        with (self.folder / "prometheus.log").open("w") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={self.folder}/prometheus.yml",
                 f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address={self.address}"],
                stdout=log, stderr=subprocess.STDOUT,
            )
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=120)
        self.held.close()

    def config(self):
        """Returns the configuration of the example, with shorter intervals and without unavailable targets."""
        config = read_yaml(INFRA / "prometheus/prometheus.yml")
        config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
        places = {"localhost:9090": self.address, **self.places}
        for job in config["scrape_configs"]:
            for group in job["static_configs"]:
                group["targets"] = [places[each] for each in group["targets"] if each in places]
        config["scrape_configs"] += [
            {"job_name": name, "static_configs": [{"targets": [place]}]} for name, place in self.jobs.items()
        ]
        return config

    def until(self, attempt):
        """Repeats the attempt until it has no problems, the deadline passes, or Prometheus rejects the query."""
        while True:
            try:
                problems = attempt()
            except ValueError as refusal:
                return [refusal]
            except OSError as error:
                problems = [error]
            if not problems or time.monotonic() > self.end:
                return problems
            time.sleep(0.2)

    def healthy(self):
        if self.process.poll() is not None:
            return [f"Prometheus ended: {(self.folder / 'prometheus.log').read_text()[-2000:]}"]
        groups = self.get("/api/v1/rules")["groups"]
        bad = [f"{rule['name']}: {rule['health']} {rule.get('lastError', '')}"
               for group in groups for rule in group["rules"] if rule["health"] != "ok"]
        return bad or ([] if groups else ["no rules"])

    def answers(self, query, labels):
        """Returns problems, unless the result has a number, and a series with each of the labels."""
        result = self.query(query)
        if all(math.isnan(float(series["value"][1])) for series in result):
            return [f"{query}\nreturns {'only NaN' if result else 'nothing'}"]
        return [f"{query}\nno series has the label {label}" for label in labels
                if not any(series["metric"].get(label) for series in result)]

    def query(self, query):
        return self.get("/api/v1/query?" + urllib.parse.urlencode({"query": query}))["result"]

    def get(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.address}{path}", timeout=60) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            if error.code == 503:  # not ready yet
                raise
            raise ValueError(f"{path}\n{error.read().decode()}") from error
