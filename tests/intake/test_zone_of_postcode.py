import pytest

from services.intake.rules.zone_of_postcode import zone_of_postcode


@pytest.mark.parametrize(
    ("postcode", "zone"),
    [
        ("64063", "America/Chicago"),
        ("66071-1234", "America/Chicago"),
        ("67735", ""),
        ("80202", ""),
        ("9021", ""),
        ("", ""),
        ("6406x", ""),
    ],
)
def test_only_a_postcode_that_is_certain_tells_a_zone(postcode: str, zone: str) -> None:
    assert zone_of_postcode(postcode) == zone
