"""All checks, then one line: how many passed, how many failed."""

import argparse
import signal
import sys

from . import collector, compose, dashboard, files, live, names, rules
from .report import Report


def main():
    parser = argparse.ArgumentParser(prog="tests/infra/run")
    parser.add_argument("--target", metavar="HOST:PORT", help="applications to scrape in place of the fixture")
    arguments = parser.parse_args()
    # An interrupted run stops what it started, as a finished one does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    report = Report()
    files.WORK.mkdir(parents=True, exist_ok=True)
    files.check_all_parse(report)
    compose.check(report)
    collector.check(report)
    rules.check(report)
    names.check(report)
    dashboard.check(report)
    live.check(report, arguments.target)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


sys.exit(main())
