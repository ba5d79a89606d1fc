"""Traces and metrics with OpenTelemetry, and the metrics as Prometheus reads them."""
