"""Checks the Prometheus configurations and rules with promtool."""

import shutil
import subprocess

from .files import INFRA, WORK, name, read_yaml

PROMETHEUS = INFRA / "prometheus"


def paths():
    return sorted((PROMETHEUS / "rules").glob("*.yaml"))


def rules():
    """Yields every recording and alerting rule."""
    for path in paths():
        for group in read_yaml(path)["groups"]:
            yield from group["rules"]


def check(report):
    report.check("promtool check rules", promtool("check", "rules", *paths()))
    for config in (PROMETHEUS / "prometheus.yml", INFRA / "fleet/prometheus.yml"):
        # Like in the container: the configuration, with rules/ in the same folder.
        folder = WORK / "config"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(PROMETHEUS / "rules", folder / "rules")
        shutil.copy(config, folder / "prometheus.yml")
        report.check(f"promtool check config: {name(config)}", promtool("check", "config", folder / "prometheus.yml"))
    for tests in sorted((PROMETHEUS / "tests").glob("*.yaml")):
        report.check(f"promtool test rules: {name(tests)}", promtool("test", "rules", tests))


def promtool(*arguments, text=None):
    """Returns the problems of one promtool run, none if it succeeded."""
    ran = subprocess.run(["promtool", *map(str, arguments)], input=text, capture_output=True, text=True, check=False)
    return [] if ran.returncode == 0 else [(ran.stdout + ran.stderr).strip()]
