"""Make a database and the static files ready for this version of the hub: `python -m mdmhub.prepare`. Repeatable."""

import os
import sys

import django
from django.core.management import call_command


def main() -> int:
    """Check the server, migrate as the owner's role, collect static files; return the exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
    django.setup()
    from mdmhub.checks import list_server_problems

    problems = [problem for alias in ("owner", "default") for problem in list_server_problems(alias)]
    if problems:
        sys.stderr.writelines(f"{problem}\n" for problem in problems)
        return 1
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
