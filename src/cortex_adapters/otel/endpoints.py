"""Which signals are to be sent, and whether they can be: the `OTEL_*` variables of OTLP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

SIGNALS: Final = ("TRACES", "METRICS", "LOGS")
_SPOKEN: Final = "http/protobuf"


def wanted(asked: Mapping[str, str]) -> frozenset[str]:
    """Return each signal that has an endpoint and is not switched off.

    Raises:
        ValueError: Nothing can be sent to that endpoint, or in that protocol.
    """
    return frozenset(signal for signal in SIGNALS if _is_wanted(signal, asked))


def _is_wanted(signal: str, asked: Mapping[str, str]) -> bool:
    if asked.get(f"OTEL_{signal}_EXPORTER", "otlp") != "otlp":
        return False
    endpoint = _first(f"{signal}_ENDPOINT", "ENDPOINT", asked)
    if endpoint is None:
        return False
    _require_usable(*endpoint)
    protocol = _first(f"{signal}_PROTOCOL", "PROTOCOL", asked)
    if protocol is not None and protocol[1].strip() != _SPOKEN:
        name, value = protocol
        raise ValueError(
            f"{name} is {value}, which is not spoken here: set {_SPOKEN}, and an endpoint for it "
            "(a collector's is on port 4318)."
        )
    return True


def _first(own: str, common: str, asked: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the variable that counts, and its value."""
    names = (f"OTEL_EXPORTER_OTLP_{own}", f"OTEL_EXPORTER_OTLP_{common}")
    return next(((name, asked[name]) for name in names if asked.get(name)), None)


def _require_usable(name: str, value: str) -> None:
    try:
        found = urlsplit(value)
        usable = found.scheme in {"http", "https"} and bool(found.hostname) and found.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(f"{name} is no address: it is one such as http://collector.example:4318.")
