"""What the application's database role may do: everything but changing history or the schema."""

from django.conf import settings
from django.db import connections
from psycopg import sql


def grant_application_role(using: str) -> None:
    """Grant the application's role its rights on every table; history becomes readable only.

    Does nothing where one role both owns and uses the database: then the triggers alone keep history.
    """
    role = settings.DATABASES["default"]["USER"]
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user <> %s AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [role, role])
        if not cursor.fetchone()[0]:
            return
        name = sql.Identifier(role)
        for template in (
            "GRANT USAGE ON SCHEMA public TO {}",
            "GRANT TEMPORARY ON DATABASE {database} TO {}",
            "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}",
            "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {}",
        ):
            database = sql.Identifier(connection.settings_dict["NAME"])
            cursor.execute(sql.SQL(template).format(name, database=database))
        cursor.execute(r"SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '_historical'")
        for (table,) in cursor.fetchall():
            cursor.execute(
                sql.SQL("REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON {} FROM {}").format(sql.Identifier(table), name)
            )
