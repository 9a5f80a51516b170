"""The patients' one style sheet: what the pages use of USWDS, and the clinic's own rules after it.

The pages most patients see first carry the little they use of it themselves: on a slow phone a second request before
the first words costs more than half a second. They ask for the sheet at their end, for the pages that follow.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Flask, Response, request
from markupsafe import Markup

from kernel.web.headers import CONTENT_SECURITY_POLICY
from services.intake.rules.used_styles import used_styles

USWDS = "@uswds/uswds/dist/css/uswds.min.css"
#: USWDS names its fonts and pictures from its own folder; the sheet is served from another.
ITS_FOLDER, FROM_HERE = "url(../", "url(lib/uswds/"
#: Words are painted in the phone's own letters until the font is there, and not held back for it.
HELD_BACK, AT_ONCE = "font-display:fallback", "font-display:swap"
A_YEAR = 31_536_000
#: Pages a visit begins with, by a search or by a link, and the templates each is made of.
FIRST_PAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "welcome": ("base.html", "welcome.html"),
    "about": ("base.html", "about.html", "_errors.html"),
    "entry": ("base.html", "entry.html"),
    "gate": ("base.html", "gate.html"),
}
_WORD = re.compile(r"[A-Za-z][\w-]*")
_FONT = re.compile(r"@font-face\s*\{[^}]*\}|@charset[^;]*;")


def patient_styles(package: Path, assets: Path) -> bytes:
    """Return the sheet for the templates and scripts of `package`, with USWDS from `assets` (node_modules).

    Raises `FileNotFoundError` when USWDS is not installed there.
    """
    sources = [*(package / "templates").glob("*.html"), *(package / "static").glob("*.js")]
    theirs = used_styles((assets / USWDS).read_text("utf-8"), _words(sources))
    theirs = theirs.replace(ITS_FOLDER, FROM_HERE).replace(HELD_BACK, AT_ONCE)
    return (theirs + _ours(package)).encode()


def first_styles(package: Path, assets: Path, templates: Collection[str]) -> str:
    """Return the rules for a page of these templates alone, without fonts: they come with the whole sheet."""
    words = _words([package / "templates" / name for name in templates])
    theirs = used_styles((assets / USWDS).read_text("utf-8"), words)
    return _FONT.sub("", theirs.replace(ITS_FOLDER, "url(/intake/static/lib/uswds/")) + used_styles(
        _ours(package), words
    )


def _words(sources: Collection[Path]) -> set[str]:
    return {word for source in sources for word in _WORD.findall(source.read_text("utf-8"))}


def _ours(package: Path) -> str:
    return (package / "static" / "intake.css").read_text("utf-8")


@lru_cache(maxsize=1)
def _made_once(package: Path, assets: Path) -> tuple[bytes, Mapping[str, str]]:
    """The whole sheet and those of the first pages, made once a process: what they are made of comes with the code."""
    first = {page: first_styles(package, assets, templates) for page, templates in FIRST_PAGES.items()}
    return patient_styles(package, assets), first


def serve_styles(pages: Flask, assets: Path) -> None:
    """Serve the sheet; its address changes with its content, so browsers may keep it for a year."""
    sheet, first = _made_once(Path(pages.root_path), assets)
    version = hashlib.sha256(sheet).hexdigest()[:16]
    policy = _policy_with(first.values())

    @pages.get("/intake/static/pages.css")
    def patient_sheet() -> Response:
        answer = Response(sheet, mimetype="text/css")
        answer.set_etag(version)
        answer.cache_control.public = True
        # An address of another version is answered too, by a page kept open over a deploy, but not kept.
        answer.cache_control.max_age = A_YEAR if request.args.get("v") == version else 0
        answer.make_conditional(request)
        return answer

    @pages.after_request
    def allow_own_styles(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", policy)
        return response

    pages.jinja_env.globals["style_address"] = f"/intake/static/pages.css?v={version}"
    pages.jinja_env.globals["first_styles"] = {
        page: Markup(styles)  # noqa: S704 our own files and USWDS, no one's input
        for page, styles in first.items()
    }


def _policy_with(styles: Collection[str]) -> str:
    """The policy of every page, and these very styles."""
    digests = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in styles]
    allowed = " ".join(["style-src 'self'", *(f"'sha256-{digest}'" for digest in digests)])
    return CONTENT_SECURITY_POLICY.replace("style-src 'self'", allowed)
