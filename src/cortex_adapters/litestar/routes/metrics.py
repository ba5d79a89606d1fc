"""Metrics, for Prometheus."""

from __future__ import annotations

from typing import Final

from litestar import Response, get

from cortex_adapters.litestar.call import Call
from cortex_adapters.litestar.operations import Operation, describe
from cortex_core.domain.errors import NotFoundError
from cortex_core.domain.policy import require_permission

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
PERMISSION: Final = "read:metrics"


@get(
    "/metrics",
    opt=describe(
        Operation(
            summary="Metrics of all processes of this server, for Prometheus",
            tag="health",
            answer=str,
            answer_description=(
                "Prometheus text format 0.0.4; the label `worker` is the process' number."
            ),
            media_type="text/plain",
            permission=PERMISSION,
            scrape=True,
            errors=(NotFoundError,),
        )
    ),
)
async def metrics(request: Call) -> Response[bytes]:
    page = request.app.state.service.metrics
    if not request.scope["state"].get("scrapes"):
        require_permission(request.user.permissions, PERMISSION)
    if page is None:
        raise NotFoundError("There are no metrics: OpenTelemetry is disabled or not installed.")
    return Response(await page(), media_type=MEDIA_TYPE)


handlers = [metrics]
