"""An APIFlask application whose errors are problem+json and whose OpenAPI 3.1 document is true to the server."""

from collections.abc import Mapping
from typing import Any

import psycopg
from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Flask, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from kernel.logs import log
from kernel.web.headers import add_security_headers
from kernel.web.principal import Gate
from kernel.web.problems import CONTENT_TYPE, FieldProblem, Problem, from_status, invalid
from kernel.web.strict_json import StrictRequest, refuse_other_media

LARGEST_BODY_BYTES = 256 * 1024
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "request_id": {"type": "string"},
        "line": {"type": "integer", "minimum": 1},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code"],
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "line": {"type": "integer", "minimum": 1},
                },
            },
        },
    },
}


# Extension of an operation's document: a POST that only computes takes no Idempotency-Key.
STORES_NOTHING = "x-stores-nothing"
IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Chosen by the caller, once per deed: the same key again replays the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
}
IF_MATCH: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "description": "The record's version as last read, in quotes; 428 says where it is needed, 412 that it is old.",
    "schema": {"type": "string", "pattern": '^"[0-9]{1,9}"$'},
}


def make_api(
    service: str,
    title: str,
    gate: Gate,
    *,
    largest_body: int = LARGEST_BODY_BYTES,
    larger_bodies: Mapping[str, int] | None = None,
) -> APIFlask:
    """Return the API application of `service`, to be mounted at `/api/<service>/v1`.

    `larger_bodies` names the few addresses (as routed) that take more bytes than `largest_body`.
    """
    exceptions = dict(larger_bodies or {})

    def allow_larger_body() -> None:
        if request.url_rule is not None and request.url_rule.rule in exceptions:
            request.max_content_length = exceptions[request.url_rule.rule]

    prefix = f"/api/{service}/v1"
    app = APIFlask(
        service,
        title=title,
        version="1",
        spec_path=f"{prefix}/openapi.json",
        docs_path=None,
    )
    app.config.update(OPENAPI_VERSION="3.1.0", MAX_CONTENT_LENGTH=largest_body, JSON_SORT_KEYS=False)
    app.static_folder = None
    app.request_class = StrictRequest
    app.extensions["gate"] = gate
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    app.before_request(allow_larger_body)
    app.before_request(refuse_other_media)
    app.after_request(add_security_headers)
    app.error_processor(_from_apiflask)
    add_problem_handlers(app)
    app.spec_processor(_true_to_server)
    return app


def add_problem_handlers(app: Flask) -> None:
    """Answer every error of `app` as problem+json: ours, werkzeug's, the database's, and the unforeseen."""
    app.register_error_handler(Problem, lambda problem: problem.answer())
    app.register_error_handler(HTTPException, lambda error: from_status(error.code or 500).answer())
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(psycopg.OperationalError, _database_away)
    app.register_error_handler(PoolTimeout, _database_away)
    app.register_error_handler(Exception, _unforeseen)


def _database_away(error: Exception) -> Any:
    log().warning("database_away", error=type(error).__name__)
    return from_status(503, {"Retry-After": "2"}).answer()


def _unforeseen(error: Exception) -> Any:
    log().error("request_failed", error=type(error).__name__, exc_info=error)
    return from_status(500).answer()


def _from_apiflask(error: HTTPError) -> Any:
    """Turn APIFlask's validation errors into field problems, without its messages (they may echo values)."""
    if error.status_code != 422:
        return from_status(error.status_code, _plain_headers(error)).answer()
    return invalid(list(_field_problems(error.detail))).answer()


def _plain_headers(error: HTTPError) -> dict[str, str]:
    return {name: value for name, value in dict(error.headers or {}).items() if isinstance(value, str)}


def _field_problems(detail: Any, path: str = "") -> Any:
    if isinstance(detail, dict):
        for key, value in detail.items():
            is_place = not path and key in ("json", "query", "path", "headers", "form")
            yield from _field_problems(value, path if is_place else f"{path}.{key}".lstrip("."))
    elif (
        isinstance(detail, list)
        and detail
        and all(isinstance(item, dict) and "loc" in item for item in detail)
    ):
        for item in detail:
            where = ".".join(str(part) for part in item["loc"])
            yield FieldProblem(f"{path}.{where}".strip("."), str(item.get("type", "invalid")))
    else:
        yield FieldProblem(path or "body", "invalid")


def _writing_headers(on_record: bool) -> list[dict[str, Any]]:
    return [IDEMPOTENCY_KEY, IF_MATCH] if on_record else [IDEMPOTENCY_KEY]


def _true_to_server(spec: Any) -> Any:
    """Say what APIFlask leaves out: a body is required, every refusal is a problem, every operation takes a token."""
    spec.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path, operations in spec.get("paths", {}).items():
        for operation in operations.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            usual = ["400", "401", "403", "404", "405", "413", "415", "422", "429", "500", "503"]
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
                usual += ["409", "412", "428"]
                if not operation.get(STORES_NOTHING):
                    operation.setdefault("parameters", []).extend(_writing_headers("{" in path))
            for status in usual:
                operation["responses"].setdefault(status, {"description": from_status(int(status)).title})
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    response["content"] = content
    return spec
