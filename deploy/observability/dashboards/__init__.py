"""The dashboards: two that answer an operator's questions, one of everything there is."""

from __future__ import annotations

from deploy.observability.dashboards.dependencies import dependencies
from deploy.observability.dashboards.everything import everything
from deploy.observability.dashboards.overview import overview
from deploy.observability.panels import Dashboard

__all__ = ["dashboards"]


def dashboards() -> tuple[Dashboard, ...]:
    """Return all of them."""
    return (overview(), dependencies(), everything())
