from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kernel.ids import new_id, parse_id


@given(st.integers(min_value=0, max_value=2**48 - 2))
def test_an_id_made_a_millisecond_later_sorts_later(moment: int) -> None:
    first, second = new_id(moment), new_id(moment + 1)
    assert first < second
    assert first.version == 7
    assert str(first.variant) == "specified in RFC 4122"


def test_ids_of_one_millisecond_differ() -> None:
    assert len({new_id(1_000) for _ in range(2_000)}) == 2_000


def test_only_the_canonical_spelling_is_an_id() -> None:
    written = "018f0000-0000-7000-8000-000000000001"
    assert parse_id(written) == UUID(written)
    for other in ("", "0", "-1", written.replace("-", ""), "{" + written + "}", "' OR 1=1", "018f0000"):
        assert parse_id(other) is None
