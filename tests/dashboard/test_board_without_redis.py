"""From the patient's answer to the staff board, across two services, with nothing where Redis should be."""

from pathlib import Path

import pytest

from tests.conftest import DatabaseFactory
from tests.dashboard.whole import running_whole


@pytest.mark.fault("F61")
@pytest.mark.capability("I12")
def test_a_stop_stands_on_the_board_when_it_is_next_read(database: DatabaseFactory, repository: Path) -> None:
    """Within five seconds is asked; the board reads what the stop's own transaction wrote, so there is no wait."""
    urls = database("intake").app_url, database("dashboard").app_url
    with running_whole(*urls, "redis://127.0.0.1:1/0", repository / "node_modules") as whole:
        nurse = whole.dashboard.signed_in("nurse")
        assert "No call-back is open." in nurse.get("/staff/callbacks").text
        patient = whole.intake.browser().start(given_name="Olena", family_name="Varga")
        patient.send({"thunderclap": "true"})
        assert "Call 911" in patient.body
        board = nurse.get("/staff/callbacks").text
        assert "Varga" in board
        assert "Emergency" in board
        assert "No call-back is open." not in board
        front_desk = whole.dashboard.signed_in("front_desk").get("/staff/callbacks").text
        assert "Varga" in front_desk, "whoever is at the desk sees it too"
