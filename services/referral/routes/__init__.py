"""HTTP in and out: each module builds one blueprint from the parts of the process."""

from apiflask import APIFlask

from kernel.assembly import Parts


def add_routes(api: APIFlask, parts: Parts) -> None:
    """Register every blueprint of the API."""
