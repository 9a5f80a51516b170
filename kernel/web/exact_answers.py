"""Answers of an API with decimals as they were written."""

from typing import Any

from flask import Response, jsonify
from flask.json.provider import DefaultJSONProvider

from kernel.exact_json import exactly
from kernel.web.idempotency import Reply


class ExactAnswers(DefaultJSONProvider):
    """What Flask writes JSON by; set as an application's `json` it serves documents to the last digit."""

    def dumps(self, obj: Any, **options: Any) -> str:
        """`obj` as JSON."""
        write = super().dumps
        return exactly(obj, lambda plain: write(plain, **options))


def answer_exactly(body: Any) -> Response:
    """`body`, or a `Reply`, as an answer APIFlask passes on as it is: its own way, by pydantic, knows floats only."""
    reply = body if isinstance(body, Reply) else Reply(body, 200)
    answer: Response = jsonify(reply.body)
    answer.status_code = reply.status
    answer.headers.update(reply.headers)
    return answer
