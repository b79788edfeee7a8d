"""Compares the results of dashboard queries with expected values, over a fixture that grows at known rates."""

from . import dashboard
from .files import TESTS, read_yaml
from .fixture import serve
from .prometheus import Prometheus


def check(report):
    servers = {"collector:9464": serve((TESTS / "series.prom").read_text()),
               "collector:8888": serve((TESTS / "collector.prom").read_text())}
    places = {name: f"127.0.0.1:{server.server_port}" for name, server in servers.items()}
    with Prometheus("values", places, {}) as prometheus:
        for each in read_yaml(TESTS / "expected.yaml"):
            report.check(f"value: {each['panel']}, {each['query']}", prometheus.until(lambda e=each: value(prometheus, e)))
    for server in servers.values():
        server.shutdown()


def value(prometheus, expected):
    query = next(q for panel, letter, q, _ in dashboard.queries()
                 if (panel, letter) == (expected["panel"], expected["query"]))
    found = [float(series["value"][1]) for series in prometheus.query(query)
             if expected["labels"].items() <= series["metric"].items()]
    if len(found) == 1 and abs(found[0] - expected["value"]) <= expected["within"]:
        return []
    return [f"{query}\nexpected {expected['value']} ± {expected['within']} for {expected['labels']}, found {found}"]
