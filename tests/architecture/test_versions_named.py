"""What the staff pages ask of an owner names the version seen, or makes something new."""

import ast
from pathlib import Path

PAGES = Path(__file__).resolve().parents[2] / "services" / "dashboard" / "routes"
# Each takes `version=`: that of the record somebody looked at before they pressed.
ASKING = {
    "acknowledge_callback",
    "ask_owner",
    "change_form_draft",
    "change_protocol",
    "change_visit",
    "close_callback",
    "do_deed",
}
# Page and what it asks, as written there, for deeds that make something, or only try it.
MAKING = {
    ("cadences", "'/simulate'"),
    ("form_list", "document"),
    ("from_outside", "'/referrals'"),
    ("new_caller", "'/typed-entries'"),
    ("new_message", "'/templates/new'"),
    ("overlays", "'/overlays'"),
    ("patient_links", "path"),
    ("protocol", "'/golden-cases'"),
    ("series", "f'/referrals/{wanted}/series'"),
    ("series", "f'/referrals/{wanted}/series/check'"),
    ("simulator", "'/simulate'"),
}


def test_every_deed_a_page_asks_for_names_the_version_seen_or_makes_something_new() -> None:
    blind = set()
    for page in PAGES.glob("*.py"):
        for call in ast.walk(ast.parse(page.read_text(encoding="utf-8"))):
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                continue
            if call.func.id not in ASKING or any(one.arg == "version" for one in call.keywords):
                continue
            # Behind the owners, the person and, where it is said, the service.
            asked = call.args[3] if call.func.id == "ask_owner" else call.args[2]
            blind.add((page.stem, ast.unparse(asked)))
    assert blind == MAKING
