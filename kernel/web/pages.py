"""Plain Flask for HTML pages: form tokens, headers, assets from this host, and errors in plain words."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask, Response, send_from_directory
from flask_wtf.csrf import CSRFError, CSRFProtect
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from kernel.logs import log
from kernel.web.headers import add_security_headers, add_strict_transport
from kernel.web.problems import Problem
from kernel.web.template_lines import TemplateLines

ASSET_FOLDERS = {
    "uswds": "@uswds/uswds/dist",
    "htmx": "htmx.org/dist",
}


def make_pages(
    import_name: str,
    prefix: str,
    *,
    secret_key: str,
    cookie_name: str,
    secure_cookies: bool,
    assets_dir: Path,
    error_page: Callable[[int], str],
    largest_body: int = 512 * 1024,
) -> Flask:
    """Return a Flask application for the pages under `prefix`; its package has `templates/` and `static/`.

    `error_page(status)` renders the body for a refused or failed request, in the reader's language.
    Third-party files are served from `<prefix>/static/lib/uswds/…` and `…/htmx/…`.
    """
    app = Flask(import_name, static_url_path=f"{prefix}/static")
    app.config.update(
        SECRET_KEY=secret_key,
        MAX_CONTENT_LENGTH=largest_body,
        SESSION_COOKIE_NAME=f"__Host-{cookie_name}" if secure_cookies else cookie_name,
        SESSION_COOKIE_SECURE=secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
        SEND_FILE_MAX_AGE_DEFAULT=86_400,
    )
    app.jinja_options = {**app.jinja_options, "extensions": [TemplateLines]}
    CSRFProtect(app)
    app.after_request(add_security_headers)
    if secure_cookies:
        app.after_request(add_strict_transport)
    root = assets_dir.resolve()

    @app.get(f"{prefix}/static/lib/<library>/<path:name>")
    def library_file(library: str, name: str) -> Response:
        folder = ASSET_FOLDERS.get(library)
        if folder is None:
            raise Problem(404, "not_found", "There is no such file.")
        return send_from_directory(root / folder, name, max_age=86_400)

    def refuse(status: int, headers: dict[str, str] | None = None) -> Any:
        return error_page(status), status, headers or {}

    app.register_error_handler(Problem, lambda problem: refuse(problem.status, problem.headers))
    app.register_error_handler(CSRFError, lambda _: refuse(403))
    app.register_error_handler(HTTPException, lambda error: _http_error(error, refuse))

    def away(error: Exception) -> Any:
        log().warning("database_away", error=type(error).__name__)
        return refuse(503, {"Retry-After": "2"})

    def unforeseen(error: Exception) -> Any:
        log().error("page_failed", error=type(error).__name__, exc_info=error)
        return refuse(500)

    app.register_error_handler(OperationalError, away)
    app.register_error_handler(psycopg.OperationalError, away)
    app.register_error_handler(PoolTimeout, away)
    app.register_error_handler(Exception, unforeseen)
    return app


def _http_error(error: HTTPException, refuse: Callable[[int], Any]) -> Any:
    return error if error.code is not None and error.code < 400 else refuse(error.code or 500)
