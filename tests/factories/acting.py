"""Who writes the factories' rows."""

from apps.base.actors import Actor

FACTORY = Actor.hub("factory")
REASON = "made for a test"
