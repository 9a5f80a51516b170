"""Migrations change what was shipped and leave alone what the clinic wrote, on the way down too."""

import psycopg

from kernel import migrate
from tests.conftest import DatabaseFactory

NOTICE = "SELECT version, subject, left(body, 13) FROM message_template WHERE name = 'referrer_notice' ORDER BY version"
ADD = """
INSERT INTO message_template (name, channel, language, version, subject, body, published_by)
VALUES (%s, %s, 'en', %s, 'Ours', 'Our own words', 'staff-1')
"""
QUICK = "SELECT DISTINCT name FROM message_template WHERE name LIKE 'quick%' ORDER BY name"


def test_shipped_words_change_and_a_clinics_own_stay(database: DatabaseFactory) -> None:
    notify = database("notify")
    with psycopg.connect(notify.owner_url, autocommit=True) as connection:

        def rows(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query).fetchall()

        fresh = (1, "Your request {referral_number}", "Your request ")
        assert rows(NOTICE) == [fresh]
        connection.execute(ADD, ("referrer_notice", "email", 2))
        connection.execute(ADD, ("quick_parking", "sms", 1))
        # As a clinic has it that was set up with the first words.
        migrate.downgrade("notify", notify.owner_url, "0152")
        ours = (2, "Ours", "Our own words")
        assert rows(NOTICE) == [(1, "Your referral {referral_number}", "Your referral"), ours]
        migrate.downgrade("notify", notify.owner_url, "0151")
        assert rows(QUICK) == [("quick_parking",)]
        migrate.upgrade("notify", notify.owner_url)
        assert rows(NOTICE) == [fresh, ours]
        assert len(rows(QUICK)) == 5
