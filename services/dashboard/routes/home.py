"""The first page of each role."""

from typing import Any

from flask import Blueprint, redirect, url_for

from services.dashboard.routes.desk import me, staff_only
from services.dashboard.rules.roles import EVERYONE, FIRST_PAGE


def home_routes() -> Blueprint:
    """Return the blueprint of `/staff`."""
    routes = Blueprint("home", __name__)

    @routes.get("/staff")
    @routes.get("/staff/")
    @staff_only(EVERYONE)
    def home() -> Any:
        return redirect(url_for(FIRST_PAGE[me().role]))

    return routes
