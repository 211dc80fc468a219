"""Who may call which route. A route that names no roles admits nobody."""

from typing import Final

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.api.models import ApiToken
from apps.base.abilities import ABILITIES, EVERYTHING, NOTHING, Ability, Role

PUBLIC: Final = frozenset({"public"})
"""For routes that tell nothing about customers: anybody may call them, logged in or not."""
EVERY_ROLE: Final = frozenset(ApiToken.Role.values)
STEWARDS: Final[frozenset[str]] = frozenset({ApiToken.Role.STEWARD, ApiToken.Role.ADMINISTRATOR})
ADMINISTRATORS: Final[frozenset[str]] = frozenset({ApiToken.Role.ADMINISTRATOR})
INTEGRATIONS: Final[frozenset[str]] = frozenset({ApiToken.Role.INTEGRATION, ApiToken.Role.ADMINISTRATOR})

TOKEN_ABILITIES: Final[dict[str, frozenset[Ability]]] = {
    ApiToken.Role.VIEWER: NOTHING,
    ApiToken.Role.INTEGRATION: NOTHING,
    ApiToken.Role.STEWARD: ABILITIES[Role.STEWARD],
    ApiToken.Role.ADMINISTRATOR: EVERYTHING,
}
"""What a token may do beyond looking things up and intake, which the routes guard by themselves."""


class RoleRequired(BasePermission):
    """Admit a token whose role the route names in `admits`; deny everything else.

    A route that reads and writes names in `admits_writers` who may do the latter.
    """

    message = "The role of this token doesn't admit this route."

    def has_permission(self, request: Request, view: object) -> bool:
        admits: frozenset[str] = getattr(view, "admits", frozenset())
        if request.method not in SAFE_METHODS:
            admits = getattr(view, "admits_writers", None) or admits
        if admits == PUBLIC:
            return True
        return getattr(request.user, "role", None) in admits
