"""Signing in and out: Flask-Security does the password, this file the pace, the session row and the guard."""

from datetime import timedelta
from typing import Any, cast

from flask import Flask, current_app, g, redirect, render_template, request, session, url_for
from flask_security import LoginForm, Security, SQLAlchemySessionUserDatastore, current_user
from flask_security.signals import user_authenticated, user_unauthenticated
from sqlalchemy import text
from sqlalchemy.orm import scoped_session, sessionmaker

from kernel.clock import now
from kernel.database import Database
from services.dashboard.actions.end_session import end_session
from services.dashboard.actions.pace_login import (
    count_failure,
    forget_failures,
    is_stopped,
    pace_login,
)
from services.dashboard.actions.start_session import start_session, token_hash
from services.dashboard.model import Role, Staff

IDLE = timedelta(minutes=15)
LONGEST = timedelta(hours=12)
SESSION_TOKEN = "staff_session"  # noqa: S105 - the name of a cookie's field
OPEN_ENDPOINTS = frozenset({"security.login", "static", "library_file", "token.token", "home.favicon"})

TOUCH = """
UPDATE staff_session
SET seen_at = CASE WHEN seen_at < now() - interval '20 seconds' AND :counts THEN now() ELSE seen_at END
FROM staff WHERE staff.id = staff_session.staff_id AND staff.active AND token_hash = :token_hash
    AND ended_at IS NULL AND seen_at > now() - :idle AND started_at > now() - :longest
RETURNING staff_session.staff_id
"""
GENERIC = "That address and password do not match an account here. Check both and try again."


class StaffLoginForm(LoginForm):
    """Flask-Security's form, paced, with one answer for every failure."""

    def validate(self, **kwargs: Any) -> bool:
        database = cast(Database, current_app.extensions["database"])
        # No account's address holds a NUL or is longer; PostgreSQL would refuse to look for one that does.
        email, address = (
            (self.email.data or "").replace("\x00", "").strip()[:254],
            request.remote_addr or "unknown",
        )
        self.email.data = email
        with database.transaction() as tx:
            wait = pace_login(tx, email, address)
        if wait:
            self.form_errors = [f"Too many tries. Wait {_minutes(wait)}, then try again."]
            g.login_wait = wait
            return False
        accepted = bool(super().validate(**kwargs))
        if accepted and isinstance(self.user, Staff) and is_stopped(self.user.failures_in_a_row):
            accepted = False
        with database.transaction() as tx:
            if accepted:
                forget_failures(tx, email, address)
            else:
                count_failure(tx, email, address)
        if not accepted:
            self.email.errors, self.password.errors, self.form_errors = [], [], [GENERIC]
        return accepted


def _minutes(seconds: int) -> str:
    return f"{seconds} seconds" if seconds < 90 else f"{-(-seconds // 60)} minutes"


def add_sign_in(pages: Flask, database: Database, password_salt: str) -> None:
    """Set Flask-Security up on `pages` and guard everything but the login page and static files."""
    pages.extensions["database"] = database
    pages.config.update(
        SECURITY_PASSWORD_SALT=password_salt,
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of an algorithm
        SECURITY_PASSWORD_SCHEMES=["argon2"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_PASSWORD_LENGTH_MIN=15,
        SECURITY_LOGIN_URL="/staff/login",
        SECURITY_LOGOUT_URL="/staff/logout",
        SECURITY_LOGOUT_METHODS=["POST"],
        SECURITY_VERIFY_URL="/staff/verify",
        SECURITY_POST_LOGIN_VIEW="/staff",
        SECURITY_POST_LOGOUT_VIEW="/staff/login?out=1",
        SECURITY_LOGIN_USER_TEMPLATE="login.html",
        SECURITY_STATIC_FOLDER_URL="/staff/static/security",
        SECURITY_REGISTERABLE=False,
        SECURITY_RECOVERABLE=False,
        SECURITY_CHANGEABLE=False,
        SECURITY_TRACKABLE=False,
        SECURITY_CONFIRMABLE=False,
        SECURITY_JOIN_USER_ROLES=False,
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_FRESHNESS=timedelta(minutes=15),
        # The library's default grace lets a "recent sign-in" check slide for an hour.
        SECURITY_FRESHNESS_GRACE_PERIOD=timedelta(0),
        SECURITY_DEFAULT_REMEMBER_ME=False,
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_FLASH_MESSAGES=False,
        REMEMBER_COOKIE_DURATION=timedelta(0),
    )
    rows = scoped_session(sessionmaker(database.engine, expire_on_commit=False))
    Security(
        pages,
        SQLAlchemySessionUserDatastore(rows, Staff, Role),
        login_form=StaffLoginForm,
        register_blueprint=True,
    )
    pages.teardown_appcontext(lambda _: rows.remove())
    pages.before_request(_guard)
    pages.after_request(_say_wait)
    user_authenticated.connect(_signed_in, pages)
    user_unauthenticated.connect(_nothing, pages)
    _end_session_on_logout(pages)


def _nothing(_: Flask, **__: Any) -> None:
    return None


def _signed_in(app: Flask, user: Staff, **_: Any) -> None:
    database = cast(Database, app.extensions["database"])
    with database.transaction() as tx:
        staff = tx.get_one(Staff, user.id)
        session[SESSION_TOKEN] = start_session(tx, staff)


def _end_session_on_logout(pages: Flask) -> None:
    leave = pages.view_functions["security.logout"]

    def logout() -> Any:
        token = session.pop(SESSION_TOKEN, None)
        if token and g.get("staff") is not None:
            with pages.extensions["database"].transaction() as tx:
                end_session(tx, g.staff.actor(), token, "signed_out")
        answer = leave()
        session.clear()
        return answer

    pages.view_functions["security.logout"] = logout


def _guard() -> Any:
    """Before each request: whose session is it, is it alive, and what time is it in the clinic."""
    if request.endpoint in OPEN_ENDPOINTS:
        return None
    token = session.get(SESSION_TOKEN)
    database = cast(Database, current_app.extensions["database"])
    alive = False
    if isinstance(token, str):
        with database.transaction() as tx:
            g.business_now = now(tx)
            values = {
                "token_hash": token_hash(token),
                "idle": IDLE,
                "longest": LONGEST,
                # A page that refreshes by itself is not a person at the desk.
                "counts": request.headers.get("X-Waymark-Refresh") is None,
            }
            owner = tx.execute(text(TOUCH), values).scalar()
        alive = owner is not None and current_user.is_authenticated and current_user.id == owner
    if alive:
        g.staff = current_user._get_current_object()
        return None
    had_one = token is not None or "_user_id" in session
    session.clear()
    if had_one or request.method != "GET":
        return render_template("signed_out.html", sent=request.method != "GET"), 401
    if request.endpoint is None:
        return None
    return redirect(url_for("security.login", next=request.full_path.rstrip("?")))


def _say_wait(response: Any) -> Any:
    if request.endpoint == "security.login" and request.method == "POST" and response.status_code == 200:
        wait = g.get("login_wait")
        response.status_code = 429 if wait else 422
        if wait:
            response.headers["Retry-After"] = str(wait)
    return response
