"""The patients' one style sheet: what the pages use of USWDS, and the clinic's own rules after it."""

import hashlib
import re
from pathlib import Path

from flask import Flask, Response, request

from services.intake.rules.used_styles import used_styles

USWDS = "@uswds/uswds/dist/css/uswds.min.css"
#: USWDS names its fonts and pictures from its own folder; the sheet is served from another.
ITS_FOLDER, FROM_HERE = "url(../", "url(lib/uswds/"
A_YEAR = 31_536_000
_WORD = re.compile(r"[A-Za-z][\w-]*")


def patient_styles(package: Path, assets: Path) -> bytes:
    """Return the sheet for the templates and scripts of `package`, with USWDS from `assets` (node_modules).

    Raises `FileNotFoundError` when USWDS is not installed there.
    """
    sources = [*(package / "templates").glob("*.html"), *(package / "static").glob("*.js")]
    words = {word for source in sources for word in _WORD.findall(source.read_text("utf-8"))}
    theirs = used_styles((assets / USWDS).read_text("utf-8"), words).replace(ITS_FOLDER, FROM_HERE)
    return (theirs + (package / "static" / "intake.css").read_text("utf-8")).encode()


def serve_styles(pages: Flask, assets: Path) -> None:
    """Make the sheet once and serve it; its address changes with its content, so browsers may keep it for a year."""
    sheet = patient_styles(Path(pages.root_path), assets)
    version = hashlib.sha256(sheet).hexdigest()[:16]

    @pages.get("/intake/static/pages.css")
    def patient_sheet() -> Response:
        answer = Response(sheet, mimetype="text/css")
        answer.set_etag(version)
        answer.cache_control.public = True
        # An address of another version is answered too, by a page kept open over a deploy, but not kept.
        answer.cache_control.max_age = A_YEAR if request.args.get("v") == version else 0
        answer.make_conditional(request)
        return answer

    pages.jinja_env.globals["style_address"] = f"/intake/static/pages.css?v={version}"
