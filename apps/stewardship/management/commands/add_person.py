"""Let somebody log in: `manage.py add_person anna --role steward`."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.base.actors import Actor
from apps.stewardship.roles import Role
from apps.stewardship.services import add_person


class Command(BaseCommand):
    help = "Let somebody log in to the steward pages. Run again, it sets a new password and role."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=list(Role), default=Role.STEWARD.value)
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *_args: Any, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else getpass.getpass()
        try:
            validate_password(password)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        person = add_person(
            username=options["username"], password=password, role=options["role"], actor=Actor.hub("add_person")
        )
        self.stdout.write(f"{person.username} can log in as {options['role']}.")
