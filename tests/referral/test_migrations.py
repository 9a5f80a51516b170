"""The migrations make what the mapped classes say, and undo themselves."""

from kernel import migrate
from services.referral.model import Base
from tests.servers import drop_database, empty_database


def test_up_down_up_and_the_models_agree() -> None:
    database = empty_database("referral")
    try:
        migrate.upgrade("referral", database.owner_url)
        migrate.check("referral", database.owner_url, [Base.metadata])
        migrate.downgrade("referral", database.owner_url)
        migrate.upgrade("referral", database.owner_url)
        migrate.check("referral", database.owner_url, [Base.metadata])
    finally:
        drop_database(database.name)
