"""A link did not open: counted by network address, so that guessing is turned away; many addresses are an alarm."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.logs import log
from services.intake.actions.count_try import count_try

#: reliability.md 4.4: a guess costs 2^256 / 20 a minute.
MOST_PER_MINUTE = 20
#: Refused links a minute from all addresses together, after which it is an attack and not people's old links.
ALARM_PER_MINUTE = 200
KIND, EVERYWHERE = "link_refused", "everywhere"


def refuse_link(session: Session, address: str) -> bool:
    """Count one refused link from `address`; True when that is too many for this minute."""
    mine = count_try(session, KIND, address, "minute")
    if count_try(session, KIND, EVERYWHERE, "minute") == ALARM_PER_MINUTE:
        log().error("links_are_guessed", per_minute=ALARM_PER_MINUTE)
        record(
            session,
            Actor("system", "intake"),
            "alarm_links_guessed",
            "patient_link",
            "-",
            details={"per_minute": ALARM_PER_MINUTE},
        )
    return mine > MOST_PER_MINUTE
