"""The REST routes, one resource each; with `api.app` the only place that knows FastAPI."""
