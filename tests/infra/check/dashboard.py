"""Checks the structure of the dashboard, and returns its queries as Grafana sends them."""

import re

from .compose import services
from .files import INFRA, name, read_json, read_yaml

FOLDER = INFRA / "grafana"
VARIABLES = {"$__rate_interval": "6s", "$__range": "1m", "$job": ".*", "$model": ".*"}


def panels():
    """Yields every panel with queries."""
    for path in sorted((FOLDER / "dashboards").glob("*.json")):
        for panel in read_json(path)["panels"]:
            if panel["type"] != "row":
                yield panel


def queries():
    """Yields (panel, letter of the query, PromQL with its variables replaced, labels of the legend) for every query."""
    for panel in panels():
        for target in panel["targets"]:
            query = target["expr"]
            for variable, value in VARIABLES.items():
                query = query.replace(variable, value)
            yield panel["title"], target["refId"], query, re.findall(r"{{(\w+)}}", target["legendFormat"])


def check(report):
    sources = {}
    for path in sorted((FOLDER / "provisioning/datasources").glob("*.yaml")):
        for source in read_yaml(path)["datasources"]:
            sources[source["uid"]] = source
            host = re.match(r"http://([\w-]+):\d+$", source["url"])
            report.check(f"data source: {source['name']}",
                         [] if host and host[1] in services() else [f"{source['url']} is not a service"])
    for path in sorted((FOLDER / "dashboards").glob("*.json")):
        report.check(f"dashboard: {name(path)}", list(problems(read_json(path), sources)))


def problems(dashboard, sources):
    seen, taken = set(), {}
    for panel in dashboard["panels"]:
        title = panel["title"]
        for key in (panel["id"], title):
            if key in seen:
                yield f"{title}: {key!r} is duplicated"
            seen.add(key)
        place = panel["gridPos"]
        if place["x"] + place["w"] > 24:
            yield f"{title}: is wider than the page"
        for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])):
            if cell in taken:
                yield f"{title}: overlaps {taken[cell]}"
                break
            taken[cell] = title
        if panel["type"] == "row":
            continue
        if not panel.get("description") or not panel["fieldConfig"]["defaults"].get("unit"):
            yield f"{title}: lacks a description or a unit"
        for target in panel["targets"]:
            source = target["datasource"]
            if sources.get(source["uid"], {}).get("type") != source["type"]:
                yield f"{title}: no {source['type']} data source has the uid {source['uid']}"
            for variable in re.findall(r"\$\w+", target["expr"]):
                if variable not in VARIABLES:
                    yield f"{title}: {variable} is not a variable"
    for variable in dashboard["templating"]["list"]:
        if f"${variable['name']}" not in VARIABLES:
            yield f"the variable {variable['name']} is not covered by the checks"
