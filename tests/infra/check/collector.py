"""Checks the collector configurations: references, signals, settings, variables and addresses."""

import re

from .compose import services
from .files import INFRA, TESTS, name, read_yaml

KINDS = ("receivers", "processors", "exporters", "connectors", "extensions")
ENDPOINT = re.compile(r"^(?:https?://)?([a-z][\w-]*):(\d+)(?:/|$)")


def paths():
    return [*sorted((INFRA / "collector").glob("*.yaml")), INFRA / "fleet/agent.yaml", INFRA / "fleet/router.yaml",
            INFRA / "fleet/sampler.yaml"]


def check(report):
    documented = read_yaml(TESTS / "components.yaml")
    for path in paths():
        config, text = read_yaml(path), path.read_text()
        report.check(f"collector, pipelines: {name(path)}", list(pipelines(config, documented)))
        report.check(f"collector, settings: {name(path)}", list(settings(config, documented)))
        report.check(f"collector, variables and addresses: {name(path)}", list(outside(config, text, path)))


def pipelines(config, documented):
    defined = {kind: set(config.get(kind) or {}) for kind in KINDS}
    connectors, used = defined["connectors"], {kind: set() for kind in KINDS}
    ends = {"receivers": set(), "exporters": set()}
    for pipeline, parts in config["service"]["pipelines"].items():
        signal = pipeline.split("/")[0]
        for role in ("receivers", "processors", "exporters"):
            for component in parts.get(role, []):
                kind = "connectors" if component in connectors else role
                used[kind].add(component)
                if role in ends and kind == "connectors":
                    ends[role].add(component)
                if component not in defined[kind]:
                    yield f"{pipeline}: {component} is not defined in {role}"
                elif signal not in documented[kind].get(type_of(component), {}).get("signals", []):
                    yield f"{pipeline}: {component} is not documented to support {signal}"
        if not parts.get("receivers") or not parts.get("exporters"):
            yield f"{pipeline}: lacks receivers or exporters"
        if parts.get("processors", [None])[0] != "memory_limiter":
            yield f"{pipeline}: memory_limiter is not the first processor"
    used["extensions"] = set(config["service"].get("extensions", []))
    for kind in KINDS:
        for component in sorted(defined[kind] - used[kind]):
            yield f"{kind}: {component} is defined but not used"
        for component in sorted(used[kind] - defined[kind]):
            yield f"{kind}: {component} is used but not defined"
    for component in sorted(connectors - (ends["receivers"] & ends["exporters"])):
        yield f"connectors: {component} must end one pipeline and start another"


def settings(config, documented):
    for kind in KINDS:
        for component, section in (config.get(kind) or {}).items():
            entry = documented[kind].get(type_of(component))
            if entry is None:
                yield f"{kind}: {component} is not in tests/infra/components.yaml"
            else:
                yield from unknown(section or {}, entry["settings"], f"{kind}.{component}")
    for unknown_key in set(config) - {*KINDS, "service"}:
        yield f"{unknown_key} is not a section of a collector configuration"


def unknown(section, allowed, where):
    for key, value in section.items():
        if key not in allowed:
            yield f"{where}.{key} is not documented"
        elif isinstance(allowed[key], dict) and isinstance(value, dict):
            yield from unknown(value, allowed[key], f"{where}.{key}")


def outside(config, text, path):
    users = [each for definitions in services().values() for each in definitions if mounts(each, path)]
    if not users and path.name not in example_configurations():
        yield "no compose file and no line of .env.example refers to it"
    provided = set()
    for definitions in services().values():
        if any(mounts(each, path) or mounts(each, INFRA / "collector/jaeger.yaml") for each in definitions):
            provided |= {key for each in definitions for key in each.get("environment", {})}
    for variable in sorted(set(re.findall(r"\$\{env:(\w+)[^}]*\}", text)) - provided):
        yield f"the variable {variable} is not passed to a container"
    for bare in re.findall(r"\$\{(?!env:)[^}]*\}", text):
        yield f"{bare} lacks env:"
    for endpoint in endpoints(config):
        found = ENDPOINT.match(endpoint)
        if found and found[1] not in services():
            yield f"{endpoint}: no service is named {found[1]}"


def mounts(service, path):
    return any(f"./{path.relative_to(INFRA)}" in mount for mount in service.get("volumes", []))


def example_configurations():
    first = next(line for line in (INFRA / ".env.example").read_text().splitlines() if "The collector configuration" in line)
    return {f"{word.strip(',.')}.yaml" for word in first.split()}


def endpoints(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "endpoint" and isinstance(value, str):
                yield value
            else:
                yield from endpoints(value)


def type_of(component):
    return component.split("/")[0]
