"""The dashboard's queries and the rules on a real Prometheus that scrapes the example's targets, or their fixture."""

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

from . import dashboard
from .files import INFRA, TESTS, WORK, read_yaml
from .fixture import serve

DEADLINE = 90


def check(report, target):
    servers = {} if target else {"collector:9464": serve((TESTS / "series.prom").read_text())}
    servers["collector:8888"] = serve((TESTS / "collector.prom").read_text())
    places = {name: f"127.0.0.1:{server.server_port}" for name, server in servers.items()}
    if target:
        places["collector:9464"] = target
    end = time.monotonic() + DEADLINE
    prometheus, address = start(places)
    try:
        report.check("Prometheus loads the example's rules", until(end, lambda: healthy(address, prometheus)))
        for panel, letter, query in dashboard.queries():
            report.check(f"answers: {panel}, {letter}", until(end, lambda q=query: answer(address, q)))
        if not target:
            for each in read_yaml(TESTS / "expected.yaml"):
                report.check(f"value: {each['panel']}, {each['query']}", until(end, lambda e=each: value(address, e)))
    finally:
        prometheus.terminate()
        prometheus.wait(timeout=20)
        for server in servers.values():
            server.shutdown()


def start(places):
    """Prometheus on a free port with the example's configuration, its targets replaced and its clock quickened."""
    folder = WORK / "live"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(INFRA / "prometheus/rules", folder / "rules")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    config = read_yaml(INFRA / "prometheus/prometheus.yml")
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    for job in config["scrape_configs"]:
        for group in job["static_configs"]:
            group["targets"] = [{**places, "localhost:9090": address}[each] for each in group["targets"]]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address={address}"],
            stdout=log, stderr=subprocess.STDOUT,
        )
    return process, address


def until(end, attempt):
    """Repeats the attempt until it has no complaints, time is over, or Prometheus refuses the query itself."""
    while True:
        try:
            problems = attempt()
        except ValueError as refusal:
            return [refusal]
        except OSError as error:
            problems = [error]
        if not problems or time.monotonic() > end:
            return problems
        time.sleep(0.2)


def healthy(address, process):
    if process.poll() is not None:
        return [f"Prometheus ended: {(WORK / 'live/prometheus.log').read_text()[-2000:]}"]
    groups = get(address, "/api/v1/rules")["groups"]
    bad = [f"{rule['name']}: {rule['health']} {rule.get('lastError', '')}"
           for group in groups for rule in group["rules"] if rule["health"] != "ok"]
    return bad or ([] if groups else ["no rules"])


def answer(address, query):
    result = ask(address, query)
    if any(not math.isnan(float(series["value"][1])) for series in result):
        return []
    return [f"{query}\nanswers {'only NaN' if result else 'nothing'}"]


def value(address, expected):
    query = next(q for panel, letter, q in dashboard.queries()
                 if (panel, letter) == (expected["panel"], expected["query"]))
    found = [float(series["value"][1]) for series in ask(address, query)
             if expected["labels"].items() <= series["metric"].items()]
    if len(found) == 1 and abs(found[0] - expected["value"]) <= expected["within"]:
        return []
    return [f"{query}\nexpected {expected['value']} ± {expected['within']} for {expected['labels']}, found {found}"]


def ask(address, query):
    return get(address, "/api/v1/query?" + urllib.parse.urlencode({"query": query}))["result"]


def get(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as response:
            return json.load(response)["data"]
    except urllib.error.HTTPError as error:
        raise ValueError(f"{path}\n{error.read().decode()}") from error
