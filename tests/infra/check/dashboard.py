"""Checks the structure of the dashboard, and returns its queries as Grafana sends them."""

import json
import re
import urllib.parse

from .compose import services
from .files import INFRA, name, read_json, read_yaml

FOLDER = INFRA / "grafana"
VARIABLES = {"$__rate_interval": "6s", "$__range": "1m", "$job": ".*", "$model": ".*"}
TIMES = {"__from", "__to"}


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
    variables = dashboard["templating"]["list"]
    chosen = {f"${{{each['name']}}}": each for each in variables if each["type"] == "datasource"}
    for each in chosen.values():
        source = sources.get(each["current"]["value"], {})
        if (source.get("type"), source.get("name")) != (each["query"], each["current"]["text"]):
            yield f"the variable {each['name']}: its default is not a {each['query']} data source"
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
        for source in [panel["datasource"], *(target["datasource"] for target in panel["targets"])]:
            yield from (f"{title}: {each}" for each in wrong_source(source, chosen))
        for link in panel["fieldConfig"]["defaults"].get("links", []):
            yield from (f"{title}: the link {link['title']!r}: {each}" for each in link_problems(link, panel, chosen))
        for target in panel["targets"]:
            for variable in re.findall(r"\$\w+", target["expr"]):
                if variable not in VARIABLES:
                    yield f"{title}: {variable} is not a variable"
    for variable in variables:
        if variable["type"] == "query":
            yield from (f"the variable {variable['name']}: {each}" for each in wrong_source(variable["datasource"], chosen))
            if f"${variable['name']}" not in VARIABLES:
                yield f"the variable {variable['name']} is not covered by the checks"


def wrong_source(source, chosen):
    """A user selects the data sources, so that the dashboard also works in a Grafana whose sources have other names."""
    if chosen.get(source["uid"], {}).get("query") != source["type"]:
        yield f"no variable for {source['type']} data sources is named {source['uid']}"


def link_problems(link, panel, chosen):
    """A link opens a search for traces in Explore. All series of the panel have the labels that it uses."""
    address = urllib.parse.urlsplit(link["url"])
    names = set(re.findall(r"\${([\w.]+)", link["url"] + link["title"]))
    labels = {name.removeprefix("__field.labels.") for name in names if name.startswith("__field.labels.")}
    for target in panel["targets"]:
        if missing := labels - set(re.findall(r"{{(\w+)}}", target["legendFormat"])):
            yield f"the query {target['refId']} has no label {sorted(missing)}"
    known = {*TIMES, *(f"__field.labels.{label}" for label in labels), *(each["name"] for each in chosen.values())}
    if unknown := names - known:
        yield f"the variables {sorted(unknown)} do not exist"
    if raw := re.findall(r"\${__field[\w.]+}", link["url"]):
        yield f"{raw} is not percent-encoded"
    panes = json.loads(urllib.parse.parse_qs(address.query)["panes"][0])
    if address.path != "/explore" or len(panes) != 1:
        yield f"{link['url']} does not open a pane of Explore"
    for pane in panes.values():
        for query in pane["queries"]:
            if query["datasource"]["uid"] != pane["datasource"]:
                yield "the pane and its query have different data sources"
            yield from wrong_source(query["datasource"], chosen)
