"""`waymark down` and `waymark reset`: stop the stack; clear its data."""

import os
import shutil

import psycopg
from psycopg import sql

from local import databases, hold, postgres
from local.databases import SERVICES
from local.places import ROOT, Places
from local.problem import Problem
from local.supervisor import end_strays


def down(places: Places) -> int:
    """Stop the stack of `places` and everything a killed supervisor left; returns the exit code."""
    stopped = hold.stop_running(places)
    end_strays(places)
    if (places.postgres / "PG_VERSION").exists():
        postgres.end_leftover(places.postgres)
    print("Waymark is stopped; its data is kept." if stopped else "Waymark was not running.", flush=True)
    return 0


def reset(places: Places) -> int:
    """Stop the stack and delete its data: the `var` folder, and the databases in a PostgreSQL named from outside."""
    down(places)
    outside = os.environ.get("DATABASE_URL")
    if outside:
        drop_databases(outside)
        print("The four waymark databases in the PostgreSQL named by DATABASE_URL were dropped.", flush=True)
    if not places.var.exists():
        return 0
    if places.var == ROOT or ROOT.is_relative_to(places.var):
        raise Problem(
            f"WAYMARK_VAR names {places.var}, which holds more than a stack's data. Nothing was deleted."
        )
    shutil.rmtree(places.var)
    print(
        f"{places.var} was deleted: the next `make up` starts with an empty clinic and new keys.", flush=True
    )
    return 0


def drop_databases(admin_url: str) -> None:
    """Drop the four databases and their roles on the server at `admin_url`; raises `Problem`."""
    databases.check_server(admin_url)
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for service in SERVICES:
            name = sql.Identifier(databases.database_name(service))
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
            for role in (f"{service}_app", f"{service}_owner"):
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))
