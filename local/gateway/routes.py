"""Which process answers which address."""

PREFIXES = (
    ("/api/token", "dashboard"),
    ("/api/intake", "intake"),
    ("/api/referral", "referral"),
    ("/api/notify", "notify"),
    ("/api/dashboard", "dashboard"),
    ("/intake", "intake"),
    ("/staff", "dashboard"),
    ("/hooks", "notify"),
    ("/phone", "carrier"),
    ("/carrier", "carrier"),
    ("/mail", "mailbox"),
)


def upstream_for(path: str) -> str | None:
    """Return the name of the process for `path`; None when the gateway answers itself.

    Third-party files come from here under any prefix. `/events` is between services and has no way in.
    """
    if "/static/lib/" in path:
        return None
    for prefix, name in PREFIXES:
        if path == prefix or path.startswith(prefix + "/"):
            return name
    return None
