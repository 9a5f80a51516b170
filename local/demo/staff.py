"""The demo clinic's staff: invented, one per role, with pass phrases made on this machine at the first start."""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.secret_files import write_private

WORDS = (
    "amber barn birch brook canyon cedar clover copper creek dusk ember fern flint grove harbor hazel heron "
    "indigo juniper kestrel lantern larch maple meadow mesa otter pebble pine plum quail quartz raven "
    "river sable sage sierra slate sorrel spruce sumac thistle timber violet walnut willow wren yarrow"
).split()


@dataclass(frozen=True)
class DemoStaff:
    """One invented member of staff. `sites` empty means every site; `provider_id`: whose visits are theirs."""

    email: str
    name: str
    role: str
    sites: tuple[str, ...] = ()
    provider_id: str = ""


STAFF = (
    DemoStaff("nora.nurse@example.test", "Nora Whitfield", "nurse"),
    DemoStaff("fred.desk@example.test", "Fred Okafor", "front_desk", ("lees_summit", "grandview")),
    DemoStaff("tess.therapist@example.test", "Amara Oyelaran", "therapist", provider_id="amara_oyelaran"),
    DemoStaff("paul.provider@example.test", "Paul Lindqvist", "provider"),
    DemoStaff("mary.manager@example.test", "Mary Adeyemi", "manager"),
    DemoStaff("alan.admin@example.test", "Alan Petrov", "admin"),
    DemoStaff("nina.nurse@example.test", "Nina Delgado", "nurse"),
)


def logins(path: Path) -> list[dict[str, str]]:
    """Return `[{"role", "email", "password"}]`, made once and kept in `path` (readable by its owner alone)."""
    if path.exists():
        kept: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return kept
    made = [{"role": staff.role, "email": staff.email, "password": _pass_phrase()} for staff in STAFF]
    write_private(path, json.dumps(made, indent=1))
    return made


def _pass_phrase() -> str:
    return "-".join([*(secrets.choice(WORDS) for _ in range(4)), str(secrets.randbelow(90) + 10)])
