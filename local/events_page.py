"""Writes docs/events.md from the routing table and the contracts; `--check` fails when it is stale."""

import sys

from kernel.contracts.by_event import CONTRACTS
from kernel.routing import LISTENERS
from local.places import ROOT

PAGE = ROOT / "docs" / "events.md"
HEAD = """# Events

Written by `make docs-events` from `kernel/routing.py` and `kernel/contracts/`; `make check` fails when it is stale.
The envelope has the field names of CloudEvents 1.0 (`kernel/events.py`). Delivery is at least once; each listener's
inbox drops what it has heard. What is due to one listener comes in one request, each event with an outcome of its own
(`application/cloudevents-batch+json`, decision 0265).
"""


def page() -> str:
    """Return the page's text."""
    parts = [HEAD]
    for event, contract in CONTRACTS.items():
        about = (contract.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")
        module = contract.__module__.removeprefix("kernel.contracts.")
        heard = ", ".join(LISTENERS[event])
        parts.append(f"\n## {event}\n\nHeard by {heard}. Contract: `kernel/contracts/{module}.py`. {about}\n")
        parts.append("\n| field | type |\n|---|---|\n")
        for name, field in contract.model_fields.items():
            kind = getattr(field.annotation, "__name__", None) or str(field.annotation)
            kind = str(field.annotation) if "[" in str(field.annotation) else kind
            parts.append(f"| `{name}` | {kind.replace('typing.', '').replace('|', 'or')} |\n")
    return "".join(parts)


def main() -> int:
    """Write the page, or with `--check` say whether it is what would be written."""
    if "--check" in sys.argv:
        if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
            return 0
        print("docs/events.md is stale: run `make docs-events` and commit it.", file=sys.stderr)
        return 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
