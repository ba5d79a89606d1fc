"""Counts the clauses each store keeps, and lets none be skipped."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest

_HERE = "tests/contract/test_"
_STORES = ("memory", "sqlite", "postgres")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _refuse_skip(report)
    return report


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped:
        report.outcome = "failed"
        report.longrepr = f"A contract clause may not be skipped: {report.longreprtext}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    passed = _by_store(terminalreporter, "passed")
    failed = _by_store(terminalreporter, "failed", "error")
    if not passed and not failed:
        return
    stores = [*_STORES, *sorted((passed.keys() | failed.keys()).difference(_STORES))]
    line = ", ".join(f"{store} {passed[store]}" for store in stores) + " passed"
    if failed:
        line += "; " + ", ".join(f"{store} {failed[store]}" for store in failed) + " failed"
    terminalreporter.section("contract", sep="-")
    terminalreporter.line(f"contract clauses: {line}", red=bool(failed), green=not failed)


def _by_store(reporter: pytest.TerminalReporter, *outcomes: str) -> Counter[str]:
    reports = [report for outcome in outcomes for report in reporter.getreports(outcome)]
    return Counter(
        Path(report.fspath).stem.removeprefix("test_")
        for report in reports
        if report.nodeid.startswith(_HERE)
    )
