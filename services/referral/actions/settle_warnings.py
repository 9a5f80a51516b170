"""A clinician settles warning signs the answers left open, so that the patient may choose a time alone."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.web.problems import FieldProblem, conflict, invalid
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import STATES


def settle_warnings(session: Session, actor: Actor, referral: Referral, flags: Sequence[str]) -> None:
    """Take the named flags off the referral's open warnings; they are kept as settled, and the audit says by whom.

    Raises 409 `closed` after the referral's end, and 422 for a flag that is not open: what was not
    shown is not settled.
    """
    if not STATES[referral.state].is_open:
        raise conflict("closed", "This referral has ended, so there is nothing to settle.")
    strange = [at for at, flag in enumerate(flags) if flag not in referral.open_warnings]
    if strange:
        raise invalid([FieldProblem(f"json.settled.{at}", "not_open") for at in strange])
    referral.settled_warnings = sorted({*referral.settled_warnings, *flags})
    referral.open_warnings = [flag for flag in referral.open_warnings if flag not in flags]
    referral.version += 1
    details = {"flags": sorted(set(flags)), "version": referral.version}
    record(session, actor, "settle_warnings", "referral", referral.id, details=details)
