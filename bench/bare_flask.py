"""LIMIT-1's server: Flask and psycopg, one INSERT and COMMIT a request on a thread's own connection, nothing else."""

import os
import threading

import psycopg
from flask import Flask, request
from psycopg.types.json import Jsonb


def create_app() -> Flask:
    """Return the bare application; `BENCH_DATABASE_URL` says where."""
    app = Flask("bare")
    own = threading.local()

    @app.post("/insert")
    def insert() -> tuple[str, int]:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(os.environ["BENCH_DATABASE_URL"], autocommit=True)
        own.connection.execute("INSERT INTO bare_row (body) VALUES (%s)", [Jsonb(request.get_json())])
        return "", 201

    return app
