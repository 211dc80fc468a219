"""The readers of mdmhub.env."""

from datetime import timedelta
from pathlib import Path

import pytest

from mdmhub import env

NAME = "MDMHUB_TRIAL_VALUE"


@pytest.fixture(autouse=True)
def clean_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(env, "_registry", {})
    monkeypatch.setattr(env, "PROJECT_ROOT", Path("/nowhere"))
    monkeypatch.delenv(NAME, raising=False)


@pytest.mark.parametrize(("given", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False)])
def test_a_flag_reads_the_usual_spellings(given: str, value: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, given)
    assert env.flag(NAME, not value) is value


@pytest.mark.parametrize("given", ["2", "ja", "truee", "none"])
def test_a_flag_that_is_nonsense_is_refused_by_name(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, given)
    with pytest.raises(env.BadVariableError, match=NAME):
        env.flag(NAME, False)


@pytest.mark.parametrize("given", ["0", "11", "1.5", "ten", "1 0", "0x5", "１"])
def test_a_number_out_of_bounds_or_form_is_refused_by_name(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, given)
    with pytest.raises(env.BadVariableError, match=NAME):
        env.number(NAME, 5, 1, 10)


def test_a_number_on_its_bound_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " 10 ")
    assert env.number(NAME, 5, 1, 10) == 10


@pytest.mark.parametrize(
    ("given", "seconds"), [("90", 90), ("90s", 90), ("1.5m", 90), ("2h", 7200), ("7d", 604_800), ("5 m", 300)]
)
def test_a_duration_carries_its_unit(given: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, given)
    assert env.duration(NAME, "1s") == timedelta(seconds=seconds)


@pytest.mark.parametrize("given", ["-5", "5w", "m", "1h30m"])
def test_a_duration_of_another_form_is_refused_by_name(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, given)
    with pytest.raises(env.BadVariableError, match=NAME):
        env.duration(NAME, "1s")


def test_a_list_drops_blanks_and_empty_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, " a , b,, c ")
    assert env.listed(NAME, ["x"]) == ["a", "b", "c"]


def test_a_choice_is_returned_as_it_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "info")
    assert env.choice(NAME, "DEBUG", ["DEBUG", "INFO"]) == "INFO"


def test_a_choice_that_is_not_listed_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "LOUD")
    with pytest.raises(env.BadVariableError, match=f"{NAME}.*DEBUG, INFO"):
        env.choice(NAME, "DEBUG", ["DEBUG", "INFO"])


def test_a_secret_is_read_from_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "held").write_text("sesame\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "held"))
    assert env.secret(NAME, "") == "sesame"


def test_a_secret_given_as_value_and_as_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "held").write_text("sesame")
    monkeypatch.setenv(NAME, "sesame")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "held"))
    with pytest.raises(env.BadVariableError, match="given twice"):
        env.secret(NAME, "")


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_a_secret_whose_file_holds_nothing_is_refused(
    content: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        (tmp_path / "held").write_text(content)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "held"))
    with pytest.raises(env.BadVariableError, match=f"{NAME}_FILE"):
        env.secret(NAME, "")


@pytest.mark.parametrize(
    "given", ["mysql://u:sesame@h/d", "sesame", "postgresql://u:sesame@h:port/d", "postgres:sesame"]
)
def test_a_url_that_does_not_fit_is_refused_without_showing_it(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, given)
    with pytest.raises(env.BadVariableError, match=NAME) as caught:
        env.url(NAME, "", ["postgresql"])
    assert "sesame" not in str(caught.value)


def test_a_url_with_a_socket_folder_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "postgresql://hub:pw@%2Fvar%2Frun:5432/hub")
    assert env.url(NAME, "", ["postgresql"]) == "postgresql://hub:pw@%2Fvar%2Frun:5432/hub"


def test_a_relative_folder_counts_from_the_checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(env, "PROJECT_ROOT", tmp_path)
    monkeypatch.setenv(NAME, "data/hub")
    assert env.folder(NAME, "var") == tmp_path / "data" / "hub"


def test_a_file_where_a_folder_is_wanted_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(NAME, str(tmp_path / "file"))
    with pytest.raises(env.BadVariableError, match=NAME):
        env.folder(NAME, "var")


def test_an_empty_variable_counts_as_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "  ")
    assert env.number(NAME, 7, 1, 9) == 7


def test_the_process_wins_over_the_file_and_an_empty_one_hides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(f"# a comment\nexport {NAME}='from file'\n")
    monkeypatch.setattr(env, "PROJECT_ROOT", tmp_path)
    assert env.text(NAME, "default") == "from file"
    monkeypatch.setenv(NAME, "from process")
    assert env.text(NAME, "default") == "from process"
    monkeypatch.setenv(NAME, "")
    assert env.text(NAME, "default") == "default"


def test_a_broken_line_of_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("A=1\nnonsense\n")
    monkeypatch.setattr(env, "PROJECT_ROOT", tmp_path)
    with pytest.raises(env.BadVariableError, match=r"\.env:2"):
        env.text(NAME, "")


def test_every_reading_is_registered_once_in_order() -> None:
    env.text("MDMHUB_TRIAL_B", "b")
    env.number("MDMHUB_TRIAL_A", 3)
    env.text("MDMHUB_TRIAL_B", "b")
    assert [(one.name, one.default) for one in env.list_variables()] == [
        ("MDMHUB_TRIAL_B", "b"),
        ("MDMHUB_TRIAL_A", "3"),
    ]
