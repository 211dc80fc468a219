"""Roles and the database inside the embedded PostgreSQL.

Two roles: the owner holds the database and migrates it; the application's role owns nothing and gets rows, not tables.
"""

import time
from urllib.parse import quote

import psycopg
from psycopg import sql

from mdmhub.embedded.place import APP_ROLE, DATABASE, OWNER_ROLE, EmbeddedServerError, Place
from mdmhub.embedded.postgres import ADMIN_ROLE, is_running, postgres_port

_CONNECT_SECONDS = 600


def role_url(place: Place, role: str) -> str:
    """Return the URL of the hub's database for `role`; without a password where none has been made yet."""
    password = place.read_secret(role)
    login = f"{role}:{quote(password, safe='')}" if password else role
    if place.tcp_port:
        return f"postgresql://{login}@127.0.0.1:{place.tcp_port}/{DATABASE}"
    return f"postgresql://{login}@{quote(str(place.sockets), safe='')}:{postgres_port(place)}/{DATABASE}"


def is_provisioned(place: Place) -> bool:
    """Tell whether both roles can log in to the hub's database."""
    try:
        for role in (OWNER_ROLE, APP_ROLE):
            psycopg.connect(role_url(place, role), connect_timeout=10).close()
    except psycopg.OperationalError:
        return False
    return True


def provision(place: Place) -> None:
    """Make roles and database where they lack, and set the roles' passwords to those of this place. Repeatable.

    Raises EmbeddedServerError where the server refuses.
    """
    try:
        with _connect_as_admin(place, "postgres") as connection:
            _make_role(connection, OWNER_ROLE, place.make_secret(OWNER_ROLE), can_create_databases=True)
            _make_role(connection, APP_ROLE, place.make_secret(APP_ROLE), can_create_databases=False)
        # In the template too, so that a test database grants what the hub's own does.
        _grant_rows(place, "template1")
        with _connect_as_admin(place, "postgres") as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                names = (sql.Identifier(DATABASE), sql.Identifier(OWNER_ROLE))
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(*names))
    except psycopg.Error as error:
        raise EmbeddedServerError(f"the embedded PostgreSQL can't be set up: {error}") from error


def _make_role(connection: psycopg.Connection, role: str, password: str, *, can_create_databases: bool) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    statement = sql.SQL("{} ROLE {} LOGIN NOSUPERUSER {} PASSWORD {}").format(
        sql.SQL("ALTER" if known else "CREATE"),
        sql.Identifier(role),
        sql.SQL("CREATEDB" if can_create_databases else "NOCREATEDB"),
        sql.Literal(password),
    )
    connection.execute(statement)


def _grant_rows(place: Place, database: str) -> None:
    grants = ("SELECT, INSERT, UPDATE, DELETE ON TABLES", "USAGE, SELECT ON SEQUENCES")
    with _connect_as_admin(place, database) as connection:
        for grant in grants:
            connection.execute(
                sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} GRANT {} TO {}").format(
                    sql.Identifier(OWNER_ROLE), sql.SQL(grant), sql.Identifier(APP_ROLE)
                )
            )


def _connect_as_admin(place: Place, database: str) -> psycopg.Connection:
    deadline = time.monotonic() + _CONNECT_SECONDS
    while True:
        try:
            return psycopg.connect(
                host=str(place.sockets), port=postgres_port(place), user=ADMIN_ROLE, dbname=database, autocommit=True
            )
        except psycopg.OperationalError as error:
            # A live server that refuses is recovering, or is ending after a kill; which one shows in a moment.
            if not is_running(place) or time.monotonic() > deadline:
                raise EmbeddedServerError(f"the embedded PostgreSQL does not answer: {error}") from error
            time.sleep(0.1)
