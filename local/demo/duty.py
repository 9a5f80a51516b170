"""Who is on call in the demo clinic: two nurses in turn, a provider, then the manager."""

from kernel.context import Actor
from local.demo.hands import Hands

MANAGER = Actor("staff", "demo-manager", role="manager", name="Mary Adeyemi")
ON_CALL = (
    ("Nora Whitfield", "nurse", "+18165550165"),
    ("Nina Delgado", "nurse", "+18165550166"),
    ("Paul Lindqvist", "provider", "+18165550167"),
    ("Mary Adeyemi", "manager", "+18165550168"),
)


def put_on_call(hands: Hands) -> None:
    """Put the demo's people on call, so that a call-back has somebody to tell; raises `Refused`."""
    for place, (name, role, phone) in enumerate(ON_CALL, start=1):
        person = {"name": name, "role": role, "phone": phone, "on_call": True, "position": place * 10}
        hands.do("notify", "/api/notify/v1/staff-contacts", person, actor=MANAGER)
