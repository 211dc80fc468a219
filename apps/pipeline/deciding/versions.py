"""Nobody decides about customers they haven't seen as they are now."""

from collections.abc import Mapping, Sequence

from apps.base.errors import HubError
from apps.golden.places import Place


class CustomerChanged(HubError):
    """A customer isn't at the version that was named; `facts.versions` say where they are."""

    code = "customer.changed"
    status = 412
    title = "A customer has changed"


class VersionNeeded(HubError):
    """A customer that would change was named without its version; `facts.missing` says which."""

    code = "customer.version_needed"
    status = 428
    title = "A version is needed"


def refuse_unseen(places: Sequence[Place], versions: Mapping[str, int] | None) -> None:
    """Raise VersionNeeded or CustomerChanged unless each customer is at the version named; None checks nothing."""
    if versions is None:
        return
    missing = sorted({place.gid for place in places} - versions.keys())
    if missing:
        raise VersionNeeded(f"name the version of {', '.join(missing)} that you have seen", missing=missing)
    changed = {place.gid: place.version for place in places if versions[place.gid] != place.version}
    if changed:
        names = ", ".join(sorted(changed))
        raise CustomerChanged(f"{names} changed since you looked; look again before deciding", versions=changed)
