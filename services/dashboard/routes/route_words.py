"""Names of routes on every page: the well-known ones have their own look, a route added as data brings its name."""

from flask import Flask
from markupsafe import Markup

from services.dashboard.queries.reference import reference
from services.dashboard.routes import looks
from services.dashboard.routes.desk import Desk, actor
from services.dashboard.rules import words


def add_route_words(pages: Flask, desk: Desk) -> None:
    """Let templates list the routes there are, and `tag` name those the protocol added."""

    def name_of(code: str) -> str:
        rows = reference(desk.owners, actor(), "routes", naming=code)
        row = next((one for one in rows if one.get("id") == code), {})
        return str((row.get("label") or {}).get("en") or "")

    def route_choices() -> list[tuple[str, str]]:
        """Code and words of every route in force; the well-known ones while the owner is away."""
        rows = [row for row in reference(desk.owners, actor(), "routes") if row.get("in_force")]
        codes = [str(row["id"]) for row in rows] or list(words.ROUTES)
        return [(code, route_name(code)) for code in codes]

    def route_name(code: object) -> str:
        known = words.ROUTES.get(str(code))
        return known.words if known else name_of(str(code)) or words.plain(code)

    def tag(table: str, code: object) -> Markup:
        if table == "route" and str(code) not in words.ROUTES and code:
            return Markup('<span class="tag tag--blue">{}{}</span>').format(
                looks.icon("directions"), route_name(code)
            )
        return looks.tag(table, code)

    pages.jinja_env.globals.update(route_choices=route_choices, route_name=route_name, tag=tag)
