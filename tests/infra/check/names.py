"""Prometheus names, derived from OpenTelemetry names like in the collector's exporter."""

import re

from .files import TESTS, read_yaml
from .rules import promtool

UNITS = {"s": "seconds", "ms": "milliseconds", "By": "bytes", "1": "ratio"}


def prometheus_name(instrument):
    """https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/"""
    name = re.sub(r"[^a-zA-Z0-9_]+", "_", instrument["name"])
    unit = UNITS.get(instrument["unit"])
    # A unit in braces is an annotation and is omitted. The suffix for ratios applies to gauges only.
    if unit and (unit != "ratio" or instrument["kind"] == "gauge") and not name.endswith(unit):
        name += f"_{unit}"
    if instrument["kind"] == "counter" and not name.endswith("_total"):
        name += "_total"
    return name


def type_of(instrument):
    return {"counter": "counter", "histogram": "histogram", "updown": "gauge", "gauge": "gauge"}[instrument["kind"]]


def check(report):
    expected = {prometheus_name(each): type_of(each) for each in read_yaml(TESTS / "instruments.yaml")}
    for fixture in ("series.prom", "collector.prom"):
        text = (TESTS / fixture).read_text()
        report.check(f"promtool check metrics: {fixture}", promtool("check", "metrics", text=text))
    served = dict(re.findall(r"^# TYPE (\S+) (\S+)$", (TESTS / "series.prom").read_text(), re.M))
    report.check("the series of the fixture are instruments, with the names of the collector", [
        f"{name}: instruments.yaml has {expected.get(name, 'nothing')}, series.prom has {kind}"
        for name, kind in sorted(served.items()) if expected.get(name) != kind
    ])
