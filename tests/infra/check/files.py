"""Paths and readers of the checked files."""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
INFRA = ROOT / "examples" / "infra"
TESTS = ROOT / "tests" / "infra"
WORK = ROOT / "target" / "infra"


class UniqueKeys(yaml.SafeLoader):
    """Rejects duplicate keys. YAML readers silently use the last one."""

    def construct_mapping(self, node, deep=False):
        keys = [self.construct_object(key, deep=True) for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", node.start_mark)
        return super().construct_mapping(node, deep)


def read_yaml(path):
    return yaml.load(path.read_text(), Loader=UniqueKeys)


def read_json(path):
    return json.loads(path.read_text())


def name(path):
    return str(path.relative_to(ROOT))


def check_all_parse(report):
    """Returns every YAML and JSON file of the example and of its tests."""
    for folder in (INFRA, TESTS):
        for path in sorted(folder.rglob("*")):
            read = {".yaml": read_yaml, ".yml": read_yaml, ".json": read_json}.get(path.suffix)
            if read is None:
                continue
            try:
                problems = [] if read(path) is not None else ["is empty"]
            except (yaml.YAMLError, ValueError) as error:
                problems = [error]
            report.check(f"parses: {name(path)}", problems)
