"""In which order xdist's workers get what: groups and whole modules, the longest first.

A module's fixtures (an application, a stand-in, a browser) are then made by one worker and not by each, and no worker
waits at the end for a long one that another has just begun.
"""

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadGroupScheduling

#: Groups and modules of ten seconds and more on two quiet cores (2026-11-26); all others are short and in random order.
LONG = {
    "stack": 300,
    "chaos": 110,
    "tests/browser/test_intake_pages.py": 90,
    "whole-stack": 65,
    "form_editor": 65,
    "dashboard_browser": 40,
    "tests/browser/test_patient_links_in_browser.py": 30,
    "tests/kernel/evidence/test_mangled_documents.py": 25,
    "tests/protocol/test_golden_cases.py": 25,
    "tests/local/test_gateway.py": 20,
    "tests/failures/test_poison.py": 16,
    "tests/intake/test_uploads.py": 15,
    "tests/notify/test_hooks.py": 15,
    "tests/referral/test_protocol_life.py": 14,
    "tests/local/test_supervisor.py": 13,
    "tests/referral/test_new_route.py": 12,
    "tests/intake/test_links.py": 11,
    "tests/local/test_carrier_faults.py": 10,
}


def seconds_of(item: pytest.Item) -> int:
    """Return how long the unit of `item` takes, 0 for a short one."""
    group = item.get_closest_marker("xdist_group")
    return LONG.get(group.args[0] if group else _module(item.nodeid), 0)


def _module(nodeid: str) -> str:
    return nodeid.split("::", 1)[0]


class ByModule(LoadGroupScheduling):  # type: ignore[misc]  # the library is untyped
    """xdist's scheduler of groups; a test without one belongs to its module."""

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        # The library would begin with the units of the most tests; they come as they were collected.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        scope = super()._split_scope(nodeid)
        return _module(nodeid) if scope == nodeid else scope
