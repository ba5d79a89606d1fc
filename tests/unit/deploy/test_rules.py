"""What Prometheus and Alertmanager say of our rules, routes and scrape configuration."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from deploy.observability.alerts import FOLDER, RULES, alerts
from tests.prometheus import tool

CASES = sorted((FOLDER / "prometheus" / "tests").glob("*.yml"))
ROUTES = FOLDER / "alertmanager" / "alertmanager.yml"


def run(*words: str | Path) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_rules() -> None:
    run(tool("promtool"), "check", "rules", RULES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_alerts_fire_when_they_must(case: Path) -> None:
    run(tool("promtool"), "test", "rules", case)


def test_a_rule_that_is_wrong_is_found(tmp_path: Path) -> None:
    """So the tests do look at the rules."""
    rules = RULES.read_text(encoding="utf-8").replace('up{job="cortex"} == 0', "up == 2")
    (tmp_path / RULES.name).write_text(rules, encoding="utf-8")
    shutil.copytree(CASES[0].parent, tmp_path / "tests")
    done = subprocess.run(
        [tool("promtool"), "test", "rules", tmp_path / "tests" / "process.yml"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "CortexInstanceDown" in done.stdout + done.stderr


def test_each_alert_is_seen_to_fire_and_to_be_silent() -> None:
    fires: set[str] = set()
    silent: set[str] = set()
    for case in CASES:
        for test in msgspec.yaml.decode(case.read_bytes())["tests"]:
            for check in test["alert_rule_test"]:
                (fires if check["exp_alerts"] else silent).add(check["alertname"])
    names = {alert.name for alert in alerts()}
    assert fires == names
    assert silent == names - {"CortexWatchdog"}


def test_the_scrape_configuration_is_one(tmp_path: Path) -> None:
    shutil.copytree(FOLDER / "prometheus", tmp_path, dirs_exist_ok=True)
    (tmp_path / "metrics-token").touch()
    run(tool("promtool"), "check", "config", tmp_path / "prometheus.yml")


def test_the_routes_are_routes() -> None:
    run(tool("amtool"), "check-config", ROUTES)


RECEIVERS = {"critical": "wake", "warning": "day", "none": "watchdog"}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert.name)
def test_each_alert_reaches_whom_its_severity_means(alert) -> None:
    said = run(
        *(tool("amtool"), "config", "routes", "test", f"--config.file={ROUTES}"),
        *(f"alertname={alert.name}", f"severity={alert.severity}", "job=cortex"),
    )
    assert said.split()[-1] == RECEIVERS[alert.severity]
