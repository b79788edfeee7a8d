"""Runs all checks, and prints how many passed and failed."""

import signal
import sys

from . import collector, compose, dashboard, files, gateway, live, names, rules, values
from .report import Report


def main():
    # An interrupted run also stops the processes that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    report = Report()
    files.WORK.mkdir(parents=True, exist_ok=True)
    files.check_all_parse(report)
    compose.check(report)
    collector.check(report)
    rules.check(report)
    names.check(report)
    dashboard.check(report)
    values.check(report)
    gateway.check(report)
    live.check(report)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


sys.exit(main())
