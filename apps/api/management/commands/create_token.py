"""Mint, list and revoke API tokens from a terminal."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.api.models import ApiToken
from apps.api.selectors import list_tokens
from apps.api.services import mint_token, revoke_token
from apps.base.actors import Actor
from apps.base.errors import HubError


class Command(BaseCommand):
    help = "Mint an API token and print its secret once; --list shows the tokens, --revoke ends one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="name of the integration that will hold the token")
        parser.add_argument("--role", default=ApiToken.Role.VIEWER, choices=ApiToken.Role.values)
        parser.add_argument("--list", action="store_true", help="list the tokens and their roles")
        parser.add_argument("--revoke", action="store_true", help="revoke the token of that name")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["list"]:
            self._list()
            return
        if not options["name"]:
            raise CommandError("name the integration that will hold the token, or use --list")
        actor = Actor.person(getpass.getuser(), None)
        try:
            if options["revoke"]:
                revoke_token(name=options["name"], actor=actor)
                self.stdout.write(f"{options['name']}: revoked")
                return
            minted = mint_token(name=options["name"], role=options["role"], actor=actor)
        except HubError as error:
            raise CommandError(error.detail) from error
        self.stderr.write(f"Token of {minted.name}, role {minted.role}. It is shown this once:")
        self.stdout.write(minted.secret)

    def _list(self) -> None:
        for token in list_tokens():
            state = f"revoked {token.revoked_at:%Y-%m-%d}" if token.revoked_at else "live"
            self.stdout.write(f"{token.name}\t{token.role}\t{state}")
