"""Checks the files of gateway/deploy: the manifest against the schemas of Kubernetes, and all of them against each other."""

import configparser
import os
import re
import subprocess
import sys

import yaml

from .files import ROOT, name, read_yaml

DEPLOY = ROOT / "gateway" / "deploy"
PROGRAM = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "debug/throughline-gateway"
CONFIGURATION = DEPLOY / "gateway.yaml"
MANIFEST = DEPLOY / "kubernetes.yaml"
UNIT = DEPLOY / "throughline-gateway.service"


def check(report):
    schema = subprocess.run(
        [sys.executable, "-m", "kubernetes_validate", "--strict", str(MANIFEST)], capture_output=True, text=True, check=False,
    )
    report.check(f"Kubernetes schema: {name(MANIFEST)}", [] if schema.returncode == 0 else [schema.stdout + schema.stderr])
    variables = sorted(set(re.findall(r"\$([A-Z_]+)", CONFIGURATION.read_text())))
    environment = {**os.environ, **{variable: f"value-of-{variable}" for variable in variables}, "REDIS_URL": "redis://redis:6379"}
    understood = subprocess.run(
        [PROGRAM, "--config", CONFIGURATION, "--check"], capture_output=True, text=True, check=False, env=environment,
    )
    report.check(f"the gateway accepts {name(CONFIGURATION)}", [] if understood.returncode == 0 else [understood.stderr])
    report.check("the manifest fits the configuration", list(problems(variables)))
    report.check("the unit fits the configuration", list(unit_problems()))


def problems(variables):
    text = MANIFEST.read_text()
    deployment = next(document for document in yaml.safe_load_all(text) if document["kind"] == "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    configuration = read_yaml(CONFIGURATION)
    port = int(configuration["listeners"][0]["address"].rsplit(":", 1)[1])
    if container["ports"][0]["containerPort"] != port:
        yield f"the port is not that of the listener, {port}"
    paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in ("startup", "readiness", "liveness")}
    if paths != {"startup": "/healthz", "readiness": "/readyz", "liveness": "/healthz"}:
        yield f"the probes have other paths than the gateway: {paths}"
    for variable in variables:
        if f"--from-literal={variable}=" not in text:
            yield f"the secret has no {variable}"
    grace, shutdown = pod["terminationGracePeriodSeconds"], int(configuration["shutdown_timeout"].rstrip("s"))
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    # 5 s for settlements, and 10 s for the export.
    if grace < pause + shutdown + 15:
        yield f"the grace period of {grace} s is too short for {pause} + {shutdown} + 15 s"


def unit_problems():
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(UNIT)
    service = unit["Service"]
    command = "/usr/local/bin/throughline-gateway --config /etc/throughline/gateway.yaml"
    if service["ExecStart"] != command or service["ExecStartPre"] != f"{command} --check":
        yield "the commands are not those of the gateway"
    if service["ExecReload"] != "/bin/kill -HUP $MAINPID":
        yield "a reload does not send SIGHUP"
    shutdown = int(read_yaml(CONFIGURATION)["shutdown_timeout"].rstrip("s"))
    if int(service["TimeoutStopSec"]) < shutdown + 15:
        yield f"TimeoutStopSec is too short for {shutdown} + 15 s"
