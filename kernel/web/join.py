"""Three applications in one process: the API under /api/, health and events beside it, and the pages."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Flask

from kernel.context import request_scope
from kernel.web.api import add_problem_handlers
from kernel.web.headers import add_security_headers

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]
SYSTEM_PATHS = ("/live", "/ready", "/events", "/hooks/")


def make_system(service: str, *, largest_body: int = 4 * 1024 * 1024) -> Flask:
    """Return the application for `/live`, `/ready`, `/events` and `/hooks/…`: machines call it, not browsers."""
    app = Flask(f"{service}.system", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = largest_body
    app.after_request(add_security_headers)
    add_problem_handlers(app)
    return app


class Joined:
    """A WSGI application that sends each path to its part. It gives each request its id before any part sees it."""

    def __init__(
        self,
        service: str,
        *,
        api: Flask | None,
        system: Flask,
        pages: Flask | None = None,
        direct: Mapping[str, Wsgi] | None = None,
    ) -> None:
        """`direct`: addresses called so often that they are answered without a framework."""
        self._direct = dict(direct or {})
        self._api_prefix = f"/api/{service}/"
        self.api = api
        self.system = system
        self.pages = pages

    def _part_for(self, path: str) -> Wsgi:
        if path in self._direct:
            return self._direct[path]
        if self.api is not None and path.startswith(self._api_prefix):
            return self.api
        if self.pages is not None and not path.startswith(SYSTEM_PATHS):
            return self.pages
        return self.system

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        part = self._part_for(environ.get("PATH_INFO", ""))
        with request_scope(environ.get("HTTP_X_REQUEST_ID")) as given:

            def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
                return start_response(status, [*headers, ("X-Request-Id", given)], exc_info)

            return part(environ, start)
