"""Checks the compose files: against the schema of the Compose Specification, and against the rules of the example."""

import re
import subprocess
import sys

from .files import INFRA, name, read_yaml

BASE = INFRA / "docker-compose.yaml"


def paths():
    return [BASE, *sorted(INFRA.glob("docker-compose.*.yaml"))]


def services():
    """Returns the definitions of each service in all compose files, by name."""
    found = {}
    for path in paths():
        for service, definition in read_yaml(path).get("services", {}).items():
            found.setdefault(service, []).append(definition)
    return found


def check(report):
    for path in paths():
        schema = subprocess.run(
            [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)],
            capture_output=True, text=True, check=False,
        )
        report.check(f"Compose schema: {name(path)}", [] if schema.returncode == 0 else [schema.stdout + schema.stderr])
        report.check(f"Compose rules: {name(path)}", list(problems(read_yaml(path))))
    readme = (INFRA / "README.md").read_text()
    images = {each["image"] for definitions in services().values() for each in definitions if "image" in each}
    report.check("the README lists the image versions",
                 [f"not {image}" for image in sorted(images) if image.split(":v")[-1].split(":")[-1] not in readme])


def problems(file):
    known = services()
    volumes = set().union(*(read_yaml(path).get("volumes", {}) for path in paths()))
    for service, definition in file["services"].items():
        image = definition.get("image")
        if image is not None and not re.search(r":v?\d+\.\d+\.\d+$", image):
            yield f"{service}: the image {image} is not pinned to a full version"
        if not any("image" in each for each in known[service]):
            yield f"{service}: no file defines its image"
        for port in definition.get("ports", []):
            if not port.startswith("127.0.0.1:"):
                yield f"{service}: the port {port} is not bound to loopback"
        for other in definition.get("depends_on", []):
            if other not in known:
                yield f"{service}: depends on {other}, which is not a service"
        for mount in definition.get("volumes", []):
            source = expand(mount).split(":")[0]
            if source.startswith("./"):
                if not (INFRA / source).exists():
                    yield f"{service}: mounts {source}, which does not exist"
                if not mount.endswith(":ro"):
                    yield f"{service}: mounts {source} writable"
            elif source not in volumes:
                yield f"{service}: mounts the volume {source}, which is not declared"
        for key, value in definition.get("environment", {}).items():
            if re.search("PASSWORD|SECRET|TOKEN|API_KEY", key) and value and not value.startswith("${"):
                yield f"{service}: {key} is in plain text"
        if image is not None:
            for needed in ("mem_limit", "restart", "cap_drop", "security_opt"):
                if needed not in definition:
                    yield f"{service}: lacks {needed}"


def expand(text):
    """Expands `${NAME:-default}` like Compose with an empty environment."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
