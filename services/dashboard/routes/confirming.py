"""The step before a visit is saved: what it will be, everything that speaks against it, what to do about each."""

from typing import Any
from uuid import UUID

from flask import render_template, request

from kernel.ids import parse_id
from services.dashboard.actions.check_visit import check_visit
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.desk import Desk, actor
from services.dashboard.routes.refusals import show_refusal
from services.dashboard.rules.booking_conflicts import in_the_way

WISH = ("visit_type", "provider_id", "site_id", "starts_at")


def chosen() -> dict[str, str]:
    """The time chosen on the page before, as its address says."""
    return {name: request.args[name] for name in WISH if request.args.get(name)}


def confirm_page(
    desk: Desk,
    referral_id: UUID | None,
    wish: dict[str, Any],
    *,
    back: str,
    verb: str,
    overbook: bool = False,
    **shown: Any,
) -> Any:
    """The page that asks for Enter. Without a referral (a walk-in's visit) nothing can be asked before it is saved.

    The owner checks again when it is saved: an owner that does not answer now leaves the page standing.
    """
    checked: dict[str, Any] = {}
    late = False
    try:
        if referral_id is not None:
            checked = check_visit(desk.owners, actor(), referral_id, wish)
    except OwnerAway:
        late = True
    except OwnerRefused as refusal:
        return show_refusal(desk, refusal, back, verb)
    conflicts = in_the_way(checked.get("conflicts") or [])
    return render_template(
        "confirm_visit.html",
        wish=wish,
        visit=checked.get("visit") or {},
        conflicts=[one for one in conflicts if not one.visit_id or parse_id(one.visit_id)],
        may_save=not conflicts or (overbook and bool(checked.get("may_overbook"))),
        overbook=overbook and bool(conflicts),
        alternatives=(checked.get("alternatives") or [])[:6],
        late=late,
        back=back,
        verb=verb,
        **{"case": None, "moving": None, **shown},
    )
