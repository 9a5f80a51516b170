"""The owning services as the dashboard meets them: a real HTTP server that speaks their agreed shapes.

It checks every call as they do (signed, for this audience, by staff), keeps versions, answers 409, 412 and 428,
remembers idempotency keys, and can be told to be away. Decisions come from the shipped protocol itself.
"""

import json
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kernel.tokens import TokenRefused, Tokens
from tests.dashboard.fake_world import ALLOWED, NEXT_STATE, PROVIDERS, SITES, VISIT_TYPES, World
from tests.servers import LOOK_UP_SECONDS


class Owners:
    """The server. `urls` goes into SERVICE_URLS; `world` is what tests arrange and look at."""

    def __init__(self, keys_json: str, private_pem: dict[str, str]) -> None:
        self.world = World()
        self._tokens = {
            name: Tokens(name, private_pem[name], keys_json) for name in ("intake", "referral", "notify")
        }
        owners = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                return

            def do_GET(self) -> None:
                self._answer("GET")

            def do_POST(self) -> None:
                self._answer("POST")

            def do_PUT(self) -> None:
                self._answer("PUT")

            def _answer(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status, answer = owners.handle(method, self.path, dict(self.headers), body)
                is_file = isinstance(answer, bytes)
                content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/pdf" if is_file else "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True).start()

    @property
    def urls(self) -> dict[str, str]:
        return dict.fromkeys(("intake", "referral", "notify", "dashboard"), self.url)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        """Answer one call as the owner would."""
        parts = urlsplit(target)
        _, _, service, _, path = parts.path.split("/", 4)
        if service in self.world.away or (method != "GET" and service in self.world.away_for_writing):
            return 503, {"code": "unavailable"}
        try:
            claims = self._tokens[service].verify(headers.get("Authorization", "").removeprefix("Bearer "))
        except TokenRefused:
            return 401, {"code": "unauthenticated"}
        if (
            not claims.signs(body)
            or claims.issuer != "dashboard"
            or claims.actor is None
            or claims.actor.kind != "staff"
        ):
            return 401, {"code": "unauthenticated"}
        query = dict(parse_qsl(parts.query))
        sent = json.loads(body) if body else None
        self.world.calls.append(
            {
                "service": service,
                "method": method,
                "path": "/" + path,
                "query": query,
                "body": sent,
                "actor": claims.actor,
                "headers": headers,
            }
        )
        if method == "GET":
            return self._read(service, path, query, claims.actor.role)
        key = headers.get("Idempotency-Key", "")
        if not key and path.endswith(("/check", "/checks")):
            # Stores nothing, so the owner asks for no key.
            return self._write(service, path, sent, headers, claims.actor)
        if not key:
            return 400, {"code": "idempotency_key"}
        if key not in self.world.answers:
            status, answer = self._write(service, path, sent, headers, claims.actor)
            if status >= 400:
                return status, answer
            self.world.answers[key] = status, answer
        return self.world.answers[key]

    def _read(self, service: str, path: str, query: dict[str, str], role: str) -> tuple[int, Any]:
        world = self.world
        if (service, "GET", path) in world.extra:
            return 200, world.extra[service, "GET", path]
        if path in ("sites", "providers", "visit-types"):
            return 200, {"items": {"sites": SITES, "providers": PROVIDERS, "visit-types": VISIT_TYPES}[path]}
        if path == "referrals":
            found = [
                row
                for row in world.referrals.values()
                if all(
                    str(row.get(name)) == query[name]
                    for name in ("state", "route", "priority", "patient_id")
                    if name in query
                )
                and query.get("site") in (None, row["preferred_site"])
            ]
            found.sort(
                key=lambda row: (
                    not row["flags"],
                    row["due_at"] > world.now.isoformat(),
                    row["priority"],
                    row["due_at"],
                )
            )
            counts: dict[str, int] = {}
            for row in world.referrals.values():
                counts[row["state"]] = counts.get(row["state"], 0) + 1
            shown = {row["id"] for row in found}
            hidden = sum(
                1
                for row in world.referrals.values()
                if row["id"] not in shown and (row["flags"] or row["due_at"] < world.now.isoformat())
            )
            return 200, {
                "items": found,
                "next_cursor": None,
                "counts": counts,
                "open": sum(counts.values()),
                "hidden_urgent": hidden,
            }
        if path.startswith("referrals/"):
            found_case = world.referrals.get(path.split("/")[1])
            if found_case is None:
                return 404, {"code": "not_found"}
            row = found_case
            told = {
                **row,
                "allowed_moves": ALLOWED.get(row["state"], []),
                "appointments": [
                    one for one in world.appointments.values() if one["referral_id"] == row["id"]
                ],
            }
            if role in ("front_desk", "manager"):
                for name in ("answers", "decision"):
                    told.pop(name, None)
            return 200, told
        if path == "slots":
            start = world.now.replace(hour=14, minute=0, second=0)
            items = [
                {
                    "site": SITES[n % 3],
                    "provider": PROVIDERS[0],
                    "visit_type": query["visit_type"],
                    "starts_at": (start + timedelta(days=1 + n // 6, minutes=45 * (n % 6))).isoformat(),
                    "local_start": (start + timedelta(days=1 + n // 6, minutes=45 * (n % 6))).isoformat(),
                    "badge": "tomorrow" if n < 6 else None,
                }
                for n in range(22)
            ]
            return 200, {"items": items, "next_cursor": None}
        if path == "appointments" and "asks" in query:
            return 200, {
                "items": [one for one in world.appointments.values() if one.get("asks")],
                "next_cursor": None,
            }
        if path == "appointments":
            return 200, {
                "items": [
                    one
                    for one in world.appointments.values()
                    if one["local_start"][:10] == query["date"] and query.get("site") in (None, one["site"])
                ],
                "next_cursor": None,
            }
        if path.startswith("appointments/"):
            found_visit = world.appointments.get(path.split("/")[1])
            return (200, found_visit) if found_visit else (404, {"code": "not_found"})
        if path == "callback-tasks":
            return 200, {
                "items": [one for one in world.callbacks.values() if one["state"] == query["state"]],
                "next_cursor": None,
            }
        if path == "inbox":
            waiting = [one for one in world.replies.values() if one["state"] == query["state"]]
            return 200, {"items": waiting, "next_cursor": None}
        if path == "messages":
            return 200, {
                "items": [one for one in world.messages if one["patient_id"] == query.get("patient_id")],
                "next_cursor": None,
            }
        return 404, {"code": "not_found"}

    def _write(
        self, service: str, path: str, sent: Any, headers: dict[str, str], actor: Any
    ) -> tuple[int, Any]:
        world, steps = self.world, path.split("/")
        if path in world.refusals:
            return world.refusals[path]
        if (service, "POST", path) in world.extra:
            return 200, world.extra[service, "POST", path]
        if steps[0] == "referrals" and steps[-1] == "check":
            return 200, {"visit": {}, "conflicts": [], "alternatives": [], "may_overbook": False}
        if steps[0] == "referrals" and steps[2] == "appointments":
            row = world.referrals[steps[1]]
            taken = [one for one in world.appointments.values() if one["starts_at"] == sent["starts_at"]]
            if taken:
                return 409, {"code": "slot_taken", "title": "That slot is taken.", "alternatives": []}
            visit = world.add_appointment(
                row, datetime.fromisoformat(sent["starts_at"]), site=sent["site_id"]
            )
            row["state"], row["version"] = "booked", row["version"] + 1
            return 201, visit
        store = {
            "referrals": world.referrals,
            "appointments": world.appointments,
            "callback-tasks": world.callbacks,
            "inbox": world.replies,
        }[steps[0]]
        record: dict[str, Any] | None = store.get(steps[1])
        if record is None:
            return 404, {"code": "not_found"}
        given = headers.get("If-Match")
        if given is None:
            return 428, {"code": "precondition_required"}
        if given != f'"{record["version"]}"':
            current = {name: record.get(name) for name in ("state", "route", "priority", "version")}
            return 412, {"code": "changed_meanwhile", "title": "Changed.", "current": current}
        if steps[0] == "referrals":
            if steps[2].replace("-", "_") not in ALLOWED.get(record["state"], []):
                return 409, {
                    "code": "illegal_move",
                    "title": "Not from this state.",
                    "allowed": ALLOWED.get(record["state"], []),
                }
            if steps[2] == "clear-hold":
                for hold in record["holds"]:
                    hold["cleared_at"] = world.now.isoformat()
            record["state"] = NEXT_STATE.get(steps[2], record["state"])
            record["route"] = (sent or {}).get("route", record["route"])
            record["timeline"].append(
                {
                    "at": world.now.isoformat(),
                    "kind": "move",
                    "actor": {"kind": "staff", "name": actor.name},
                    "text_code": steps[2].replace("-", "_"),
                    "details": {},
                }
            )
        elif steps[0] == "appointments":
            done = {
                "check-in": "arrived",
                "cancel": "cancelled",
                "undo-check-in": "booked",
                "confirm": "confirmed",
            }
            if steps[2] == "move":
                record["starts_at"], record["asks"] = sent["starts_at"], ""
            else:
                record["state"] = done.get(steps[2]) or sent["outcome"]
        elif steps[0] == "inbox":
            record["state"], record["outcome"] = "closed", sent["outcome"]
        elif steps[2] == "acknowledge":
            record["acknowledged_by"] = {"id": actor.id, "name": actor.name}
        else:
            record["state"], record["outcome_code"] = "done", sent["outcome_code"]
        record["version"] += 1
        if steps[0] == "referrals":
            # As referral does: a case a colleague has in hand is not next.
            free = [
                one["id"]
                for one in world.referrals.values()
                if one["state"] == "needs_triage" and not one.get("owner") and one is not record
            ]
            return 200, {**record, "next_id": free[0] if free else None}
        return 200, record
