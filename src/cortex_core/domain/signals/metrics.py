"""The metrics that are not the duration of a span."""

from __future__ import annotations

from typing import Final

from cortex_core.domain.signals.kinds import Metric

METRICS: Final = (
    Metric(
        name="cortex.build.info",
        instrument="gauge",
        unit="1",
        meaning="Always 1: which release runs, on which Python.",
        labels=("version", "python", "environment"),
    ),
    Metric(
        name="cortex.identity.refused",
        instrument="counter",
        unit="{credential}",
        meaning="Credentials that were refused, by the reason that the log tells too.",
        labels=("reason", "issuer"),
    ),
    Metric(
        name="cortex.identity.userinfo",
        instrument="counter",
        unit="{request}",
        meaning="Times that an issuer was asked for somebody's name and address, by outcome.",
        labels=("issuer", "outcome"),
    ),
    Metric(
        name="cortex.identity.key_fetches",
        instrument="counter",
        unit="{request}",
        meaning="Attempts to fetch an issuer's keys, by outcome.",
        labels=("issuer", "outcome"),
    ),
    Metric(
        name="cortex.identity.keys.staleness",
        instrument="gauge",
        unit="s",
        meaning="For how long the keys of an issuer have been due, 0 while they are fresh.",
        labels=("issuer",),
    ),
)
