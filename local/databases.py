"""One database a service, each with an owner (migrations) and an app role that may read and write rows only."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from local.problem import Problem

SERVICES = ("intake", "referral", "notify", "dashboard")
OLDEST_SERVER = 160000


@dataclass(frozen=True)
class Role:
    """A login of one database."""

    name: str
    password: str


def database_name(service: str) -> str:
    return f"waymark_{service}"


def address(admin_url: str, role: Role, database: str) -> str:
    """Return `admin_url` with another user, password and database; host, port and options stay."""
    parts = urlsplit(admin_url)
    host = parts.netloc.rpartition("@")[2]
    login = f"{quote(role.name, safe='')}:{quote(role.password, safe='')}"
    # psycopg takes no SQLAlchemy driver name.
    return urlunsplit(("postgresql", f"{login}@{host}", f"/{database}", parts.query, ""))


def admin_address(admin_url: str, database: str) -> str:
    """Return the administrator's address of another database on the same server."""
    parts = urlsplit(admin_url)
    query = urlencode(parse_qsl(parts.query), quote_via=quote)
    return urlunsplit(("postgresql", parts.netloc, f"/{database}", query, ""))


def check_server(admin_url: str) -> None:
    """Raise `Problem` unless `admin_url` reaches a PostgreSQL where databases and roles can be made."""
    try:
        with psycopg.connect(
            admin_address(admin_url, _database_of(admin_url)), connect_timeout=5
        ) as connection:
            version = connection.info.server_version
            row = connection.execute(
                "SELECT rolsuper OR (rolcreatedb AND rolcreaterole) FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except (psycopg.Error, ValueError) as error:
        raise Problem(
            f"The PostgreSQL named by DATABASE_URL does not answer ({type(error).__name__}). Nothing was started; "
            "start that server, correct the address, or unset DATABASE_URL to use the one that comes along."
        ) from None
    if version < OLDEST_SERVER:
        raise Problem(
            f"The PostgreSQL named by DATABASE_URL is version {version // 10000}; 16 or newer is needed."
        )
    if not row or not row[0]:
        raise Problem(
            "The user in DATABASE_URL may not create databases and roles; give an administrator's address."
        )


def create(admin_url: str, database: str, owner: Role, app: Role) -> None:
    """Create `database` with its two roles, or set their passwords when they are there. Safe to run again."""
    with psycopg.connect(admin_address(admin_url, _database_of(admin_url)), autocommit=True) as connection:
        # Roles belong to the whole server: two stacks, or two tests, may be here at once. Ends with the connection.
        connection.execute("SELECT pg_advisory_lock(hashtext('waymark roles'))")
        for role in (owner, app):
            _create_role(connection, role)
        # An administrator that is no superuser must be a member of the owner to give it a database.
        if not _is_superuser(connection):
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(owner.name)))
        present = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if not present:
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(database), sql.Identifier(owner.name)
                )
            )
        grant_connect(connection, database, owner, app)
    grant_rows(admin_url, database, owner, app)


def grant_connect(
    connection: "psycopg.Connection[tuple[object, ...]]", database: str, owner: Role, app: Role
) -> None:
    """Let the two roles, and nobody else, connect to `database`."""
    name = sql.Identifier(database)
    roles = sql.SQL(", ").join([sql.Identifier(owner.name), sql.Identifier(app.name)])
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, roles))
    connection.execute(
        sql.SQL("GRANT CREATE, TEMPORARY ON DATABASE {} TO {}").format(name, sql.Identifier(owner.name))
    )


def grant_rows(admin_url: str, database: str, owner: Role, app: Role) -> None:
    """Give the app role rows, not tables: what the owner creates later is readable and writable, never alterable.

    A migration takes UPDATE and DELETE away again where rows must not change (the audit trail).
    """
    owner_name, app_name = sql.Identifier(owner.name), sql.Identifier(app.name)
    with psycopg.connect(address(admin_url, owner, database), autocommit=True) as connection:
        connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(app_name))
        for what, rights in (("TABLES", "SELECT, INSERT, UPDATE, DELETE"), ("SEQUENCES", "USAGE, SELECT")):
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} ON {} TO {}").format(
                    owner_name, sql.SQL(rights), sql.SQL(what), app_name
                )
            )


def _create_role(connection: "psycopg.Connection[tuple[object, ...]]", role: Role) -> None:
    present = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role.name,)).fetchone()
    verb = sql.SQL("ALTER ROLE" if present else "CREATE ROLE")
    connection.execute(
        sql.SQL("{} {} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            verb, sql.Identifier(role.name), sql.Literal(role.password)
        )
    )


def _is_superuser(connection: "psycopg.Connection[tuple[object, ...]]") -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _database_of(admin_url: str) -> str:
    return urlsplit(admin_url).path.lstrip("/") or "postgres"
