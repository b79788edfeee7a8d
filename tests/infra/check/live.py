"""Evaluates all queries of the dashboard and the rules with a real Prometheus that scrapes quickstarts. All but one fail."""

import re
from contextlib import ExitStack
from functools import partial

from . import dashboard
from .files import TESTS, read_yaml
from .fixture import serve
from .names import prometheus_name, type_of
from .prometheus import Prometheus
from .quickstart import Quickstart
from .rules import promtool, rules

# A successful model; streams that break off, without a price; rejected requests; a plan that crashes its tool.
MODELS = ["scripted", "scripted-cut", "scripted-429", "scripted-crash"]
# The expected alerts, and their models. The first model must raise none.
RAISED = {"HttpErrors": "scripted-429", "ModelCallErrors": "scripted-cut", "TokensUnpriced": "scripted-cut"}


def check(report):
    silent = {each["name"]: each["why"] for each in read_yaml(TESTS / "silent.yaml")}
    collector = serve((TESTS / "collector.prom").read_text())
    places = {"collector:8888": f"127.0.0.1:{collector.server_port}"}
    with ExitStack() as stack:
        services = {model: stack.enter_context(Quickstart(model)) for model in MODELS}
        jobs = {model: service.page for model, service in services.items()}
        with Prometheus("live", places, jobs) as prometheus:
            report.check("Prometheus loads the rules", prometheus.until(prometheus.healthy))
            cases = list(questions())
            for name, query, labels in cases:
                if name not in silent:
                    answers = partial(prometheus.answers, query, labels)
                    report.check(f"answers: {name}", prometheus.until(answers))
            for rule in rules():
                job = RAISED.get(rule.get("alert"))
                if job:
                    report.check(f"raised: {rule['alert']}",
                                 prometheus.until(partial(raised, prometheus, rule["expr"], job)))
            unanswered = {name for name, query, labels in cases if prometheus.answers(query, labels)}
            page = services["scripted"].metrics()
    collector.shutdown()
    report.check("promtool check metrics: the quickstart's page", promtool("check", "metrics", text=page))
    lacking = dict(missing(page))
    report.check("the quickstart's metrics have the instruments, with the names of the collector",
                 [complaint for name, complaint in lacking.items() if name not in silent])
    report.check("the entries of silent.yaml return no data",
                 [f"{name}: returns data, although {why}" for name, why in silent.items() if name not in unanswered | lacking.keys()])


def questions():
    """Yields (name, PromQL, labels) for each dashboard query, each recorded series, and each alert."""
    for panel, letter, query, labels in dashboard.queries():
        yield f"{panel}, {letter}", query, labels
    for rule in rules():
        if "record" in rule:
            yield selector(rule), selector(rule), []
        else:
            # Without thresholds, because the data must also exist when no alert fires.
            yield rule["alert"], re.sub(r"(>|==) *[\d.]+", ">= 0", rule["expr"]), []


def raised(prometheus, query, job):
    jobs = {series["metric"]["job"] for series in prometheus.query(query)}
    if job in jobs and MODELS[0] not in jobs:
        return []
    return [f"{query}\nis raised for {sorted(jobs)}, expected {job} and not {MODELS[0]}"]


def selector(rule):
    labels = ", ".join(f'{key}="{value}"' for key, value in rule.get("labels", {}).items())
    return rule["record"] + (f"{{{labels}}}" if labels else "")


def missing(page):
    """Yields (instrument, problem) for each missing instrument."""
    shown = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.M))
    for instrument in read_yaml(TESTS / "instruments.yaml"):
        name, kind = prometheus_name(instrument), type_of(instrument)
        if shown.get(name) != kind:
            yield instrument["name"], f"{instrument['name']}: expected the {kind} {name}, found {shown.get(name, 'nothing')}"
