"""Where the embedded servers keep their data, and which account of the operating system runs them.

The law here: nothing is opened up. No permission of a folder that existed before is widened; where the servers' account
can't enter the hub's folder, data and programs go to a system folder instead.
"""

import hashlib
import os
import pwd
import re
import secrets
import stat
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mdmhub import env

OWNER_ROLE = "hub"
APP_ROLE = "hub_app"
DATABASE = "hub"
POSTGRES_PORT = 5432

# A Unix socket's path ends at 107 bytes on Linux; the longest name below the folder is `.s.PGSQL.65535.lock`.
_LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.65535.lock")
# A comma or a quote in a socket's path would end it inside a connection string.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+-]+")
_MOVED_MARK = "servers-at"


class EmbeddedServerError(RuntimeError):
    """An embedded server can't do what was asked; the message is one line that says why and what helps."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """The folders of one pair of embedded servers.

    `home` is the hub's own folder (`var/`), `root` the folder that holds the servers' data: the same one, or a system
    folder where `account` can't enter `home`. `account` is None where the servers run as the present user.
    `tcp_port` makes PostgreSQL listen on 127.0.0.1 at that port and Redis at the next one, besides their sockets.
    """

    home: Path
    root: Path
    account: Account | None
    tcp_port: int | None = None

    @property
    def postgres_data(self) -> Path:
        """The database cluster."""
        return self.root / "pgdata"

    @property
    def redis_data(self) -> Path:
        """The folder Redis works in."""
        return self.root / "redis"

    @property
    def logs(self) -> Path:
        """The servers' own logs."""
        return self.root / "server-logs"

    @property
    def has_moved(self) -> bool:
        """True where the data lies outside `home`."""
        return self.root != self.home

    @cached_property
    def sockets(self) -> Path:
        """The folder of both sockets: `run` beside the data, or a short system path where that one is too long."""
        beside = self.root / "run"
        if len(os.fsencode(beside)) <= _LONGEST_SOCKET_FOLDER and _PLAIN_PATH.fullmatch(str(beside)):
            return beside
        if os.geteuid() == 0 and Path("/run").is_dir():
            return Path(f"/run/mdmhub-{_digest(self.root)}")
        return Path(f"/tmp/mdmhub-{os.geteuid()}-{_digest(self.root)}")  # noqa: S108 - its owner is checked before use

    @property
    def redis_socket(self) -> Path:
        """The socket Redis listens on."""
        return self.sockets / "redis.sock"

    def prepare(self) -> None:
        """Make the folders, each closed to everybody but the account that needs it.

        Raises EmbeddedServerError where a folder belongs to someone else or can't be made.
        """
        try:
            for folder in (self.home, self.root):
                if not folder.is_dir():
                    folder.mkdir(parents=True)
                    # Another account may pass through to its own folders inside, and see nothing else.
                    folder.chmod(0o711 if self.account else 0o700)
            for folder in (self.redis_data, self.logs, self.sockets):
                close_folder(folder, self.account)
            close_folder(self.root / "secrets", None)
            if self.has_moved:
                (self.home / _MOVED_MARK).write_text(f"{self.root}\n", encoding="utf-8")
        except OSError as error:
            raise EmbeddedServerError(f"can't prepare the folders of the embedded servers: {error}") from error

    def read_secret(self, name: str) -> str:
        """Return a secret of this place, or empty text where none has been made yet."""
        try:
            return (self.root / "secrets" / name).read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def make_secret(self, name: str) -> str:
        """Return a secret of this place; the first call draws it. Only the present user can read its file."""
        held = self.read_secret(name)
        if held:
            return held
        value = secrets.token_urlsafe(32)
        path = self.root / "secrets" / name
        draft = path.with_name(f"{name}.{os.getpid()}")
        draft.touch(0o600)
        draft.write_text(value, encoding="ascii")
        draft.rename(path)  # A reader sees a whole secret or none.
        return value


def find_place(home: Path | None = None, os_user: str | None = None, tcp_port: int | None = None) -> Place:
    """Return the place for `home`, by default the one of MDMHUB_HOME; reads the file system, changes nothing.

    As root the servers run as `os_user` (HUB_DB_OS_USER by default), because PostgreSQL refuses to run as root.
    Raises EmbeddedServerError where that account doesn't exist.
    """
    home = (home or env.folder("MDMHUB_HOME", "var")).resolve()
    os_user = os_user or env.text("HUB_DB_OS_USER", "nobody")
    account = _find_account(os_user) if os.geteuid() == 0 else None
    return Place(home=home, root=_find_root(home, account), account=account, tcp_port=tcp_port)


def can_enter(path: Path, account: Account | None) -> bool:
    """Tell whether `account` may enter `path` and every folder above it; what doesn't exist yet counts as open."""
    if account is None:
        return True
    path = path.resolve()
    return all(_may_pass(part, account) for part in (path, *path.parents) if part.exists())


def close_folder(folder: Path, account: Account | None) -> None:
    """Make `folder` private to `account` (None: the present user).

    Raises EmbeddedServerError where it belongs to somebody else or is not a folder.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    wanted_uid = account.uid if account else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {wanted_uid, os.geteuid()}:
        holder = _name_of(found.st_uid)
        raise EmbeddedServerError(
            f"{folder} belongs to {holder}; run as {holder}, as root with HUB_DB_OS_USER={holder}, "
            "or point MDMHUB_HOME elsewhere"
        )
    if account:
        os.chown(folder, account.uid, account.gid, follow_symlinks=False)
    folder.chmod(0o700)


def _find_account(name: str) -> Account:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        raise EmbeddedServerError(f"HUB_DB_OS_USER: this machine has no user {name!r}") from None
    if found.pw_uid == 0:
        raise EmbeddedServerError("HUB_DB_OS_USER: PostgreSQL refuses to run as root; name another user")
    return Account(name, found.pw_uid, found.pw_gid)


def _find_root(home: Path, account: Account | None) -> Path:
    mark = home / _MOVED_MARK
    if account and mark.is_file():
        return Path(mark.read_text(encoding="utf-8").strip())
    return home if can_enter(home, account) else Path(f"/var/lib/mdmhub-{_digest(home)}")


def _may_pass(path: Path, account: Account) -> bool:
    found = path.stat()
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def _digest(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
