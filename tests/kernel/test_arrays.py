"""What is written as an array comes back from PostgreSQL as the same values, whatever they hold."""

from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from kernel.arrays import bytes_array, ids_array, numbers_array, texts_array
from kernel.database import Database

# PostgreSQL's text holds no NUL and no half of a surrogate pair; neither do ours (kernel/strict_json.py).
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"))
BACK = """
SELECT CAST(:ids AS uuid[]) AS ids, CAST(:texts AS text[]) AS texts, CAST(:blobs AS bytea[]) AS blobs,
    CAST(:numbers AS int[]) AS numbers
"""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ids=st.lists(st.none() | st.uuids(), max_size=5),
    texts=st.lists(
        st.none() | TEXTS | st.sampled_from(["NULL", "null", "{}", '"', "\\", "a,b", " "]), max_size=5
    ),
    blobs=st.lists(st.binary(max_size=20), max_size=5),
    numbers=st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=5),
)
def test_arrays_come_back_as_they_were(
    kernel_database: Database,
    ids: list[UUID | None],
    texts: list[str | None],
    blobs: list[bytes],
    numbers: list[int | None],
) -> None:
    given_arrays = {
        "ids": ids_array(ids),
        "texts": texts_array(texts),
        "blobs": bytes_array(blobs),
        "numbers": numbers_array(numbers),
    }
    with kernel_database.transaction() as session:
        row = session.execute(text(BACK), given_arrays).one()
    assert (row.ids, row.texts, [bytes(blob) for blob in row.blobs], row.numbers) == (
        ids,
        texts,
        blobs,
        numbers,
    )
