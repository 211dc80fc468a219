#!/usr/bin/env python3
"""The hub's command line."""

import os
import sys


def main() -> None:
    """Run a management command; start the embedded servers first where the command needs them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mdmhub.settings.dev")
    from mdmhub.boot import ensure_servers_for

    ensure_servers_for(sys.argv)
    from django.core.management import execute_from_command_line

    from mdmhub import checks  # noqa: F401 - importing it registers them

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
