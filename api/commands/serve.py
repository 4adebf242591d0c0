"""`liushui serve`: the REST service on a ledger folder."""

import socket
from pathlib import Path
from typing import Annotated

import typer

from api.commands.options import Json
from api.commands.output import tell


def serve(
    ledger: Annotated[Path | None, typer.Argument(metavar="[LEDGER]", help="The ledger folder; made if missing.")] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to listen on; others than 127.0.0.1 need API keys.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    as_json: Json = False,
) -> None:
    """Serve the REST API on a ledger.

    Its OpenAPI document is at /openapi.json. Settings: LIUSHUI_* in the environment (docs/settings.md).

    Example: `liushui serve ledger --port 8000`
    """
    import asyncio
    import logging

    import uvicorn

    from api.app import create_app
    from api.settings import load_settings
    from ledger.problems import LiushuiError

    settings = load_settings(ledger=ledger, host=host, port=port)
    app = create_app(settings)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    config = uvicorn.Config(
        app, access_log=False, log_config=None, server_header=False, timeout_graceful_shutdown=10, limit_concurrency=256
    )
    try:
        listening = config_socket(settings.host, settings.port)
    except OSError as error:
        raise LiushuiError("API-cannot-listen", f"{settings.host}:{settings.port}: {error.strerror}") from None
    name = f"[{settings.host}]" if ":" in settings.host else settings.host
    url = f"http://{name}:{listening.getsockname()[1]}"
    tell(
        as_json,
        {"url": url, "ledger": str(settings.ledger)},
        [f"serving {settings.ledger} at {url}  (OpenAPI: {url}/openapi.json)"],
    )
    asyncio.run(uvicorn.Server(config).serve([listening]))


def config_socket(host: str, port: int) -> socket.socket:
    """A listening socket, so that the address is known before the first request."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    made.listen(128)
    return made
