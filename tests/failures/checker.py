"""Reads the databases and the carrier's own log after a run, and says what is wrong (INV-1, 2, 6, 8, 10)."""

from collections import Counter
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg

from local.process_environment import Stack
from tests.failures.traffic import Ledger


class Checker:
    """Each method returns findings, [] when the invariant holds."""

    def __init__(self, stack: Stack, ledger: Ledger) -> None:
        self._stack = stack
        self._ledger = ledger

    def rows(self, service: str, statement: str) -> list[tuple[Any, ...]]:
        """Return what `statement` selects from `service`'s database."""
        with psycopg.connect(self._stack.app_url(service)) as connection:
            return connection.execute(statement).fetchall()

    def submissions_kept(self) -> list[str]:
        """INV-1: every acknowledged submission is there once, heard by referral once, and no more than those."""
        acknowledged = list(self._ledger.submissions.values())
        findings = [f"acknowledged twice: {one}" for one, times in Counter(acknowledged).items() if times > 1]
        heard = Counter(str(row[0]) for row in self.rows("referral", "SELECT submission_id FROM referral"))
        findings += [f"submission without a referral: {one}" for one in acknowledged if heard[one] == 0]
        findings += [f"two referrals of submission {one}" for one, times in heard.items() if times > 1]
        return findings

    def outboxes_empty(self) -> list[str]:
        """INV-8: nothing is owed any more, and nothing died."""
        findings = []
        for service in ("intake", "referral", "notify"):
            for state, count in self.rows(
                service, "SELECT state, count(*) FROM event_delivery WHERE state <> 'done' GROUP BY state"
            ):
                findings.append(f"{service}: {count} deliveries {state}")
        return findings

    def texts_sent_once(self) -> list[str]:
        """INV-2: the carrier accepted at most one POST for each planned message, by its own log."""
        attempts = {
            str(attempt): str(message)
            for attempt, message in self.rows("notify", "SELECT id, message_id FROM send_attempt")
        }
        posts, accepted = {}, Counter[str]()
        for event in self._carrier_log():
            if event["event"] == "post":
                posts[event["n"]] = parse_qs(urlsplit(event["status_callback"] or "").query).get("a", [""])[0]
            elif event["event"] == "answer" and event["outcome"] == "accepted":
                attempt = posts[event["post"]]
                accepted[attempts.get(attempt, f"unknown attempt {attempt}")] += 1
        return [
            f"message {message} was accepted {times} times"
            for message, times in accepted.items()
            if times > 1
        ]

    def texts_accepted(self) -> int:
        """How many messages the carrier accepted."""
        return sum(1 for e in self._carrier_log() if e["event"] == "answer" and e["outcome"] == "accepted")

    def _carrier_log(self) -> list[dict[str, Any]]:
        address = f"http://127.0.0.1:{self._stack.ports['carrier']}/carrier/log"
        events: list[dict[str, Any]] = []
        while True:
            page = httpx.get(
                address, params={"since": events[-1]["n"] if events else 0, "limit": 5000}
            ).json()
            if not page["events"]:
                return events
            events += page["events"]

    def bookings_texted(self) -> list[str]:
        """INV-7: every acknowledged booking has its confirmation planned, and it reached a state with a reason."""
        states = {
            (str(appointment), version): (state, reason)
            for appointment, version, state, reason in self.rows(
                "notify",
                "SELECT appointment_id, appointment_version, state, reason FROM planned_message"
                " WHERE channel = 'sms' AND step = 'booked'",
            )
        }
        findings = []
        for one in self._ledger.appointments.items():
            state, reason = states.get(one, ("absent", ""))
            if state not in ("sent", "delivered") and not reason:
                findings.append(f"confirmation of {one[0]} is {state}")
        return findings

    def nothing_over_capacity(self) -> list[str]:
        """INV-6: at no visit's start does its provider have more live visits than the provider can take at once."""
        crowded = self.rows(
            "referral",
            "SELECT a.id FROM appointment a JOIN appointment b ON b.provider_id = a.provider_id"
            " AND b.starts_at <= a.starts_at AND b.ends_at > a.starts_at"
            " WHERE a.state <> 'cancelled' AND b.state <> 'cancelled' AND NOT a.overbooked AND NOT b.overbooked"
            " GROUP BY a.id, a.provider_id HAVING count(*) >"
            " (SELECT count(*) FROM seat s WHERE s.provider_id = a.provider_id AND NOT s.overbook)",
        )
        return [f"at the start of appointment {row[0]} its provider has too many" for row in crowded]
