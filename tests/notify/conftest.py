"""One running notify service a module; each test uses patients and numbers of its own."""

from collections.abc import Iterator

import pytest

from tests.conftest import DatabaseFactory
from tests.notify.standing import Standing, standing


@pytest.fixture
def notify(database: DatabaseFactory) -> Iterator[Standing]:
    """A fresh service at Tuesday 10:00 in Chicago."""
    with standing(database("notify")) as running:
        yield running
