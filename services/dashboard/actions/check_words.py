"""What notify says of the words of a message, before anybody publishes them. Nothing is stored."""

from typing import Any

from kernel.context import Actor
from kernel.ids import new_id
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused, Owners


def check_words(owners: Owners, actor: Actor, template: dict[str, str]) -> dict[str, Any]:
    """Return refusals, warnings, cost and placeholders; the words' own shape refused counts as a refusal.

    `template` is {name, channel, language, body} and may have a subject. While notify is away: {late: "notify"}.
    """
    try:
        answer = ask_owner(owners, actor, "notify", "/templates/check", template, key=str(new_id()))
    except OwnerAway as away:
        return {"late": away.service}
    except OwnerRefused as refusal:
        faults = refusal.body.get("errors") or [{"code": refusal.code}]
        return {
            "refusals": [
                {"field": str(one.get("field", "")), "code": str(one.get("code", "")), "what": ""}
                for one in faults
            ]
        }
    return dict(answer)
