"""The hub that the steward's pages are measured on: generated accounts, matched by rules that ask more.

Everything goes through the real pipeline: files are loaded, then a rule set version with a wider review band is
published and every record is matched by it, so that tens of thousands of questions are open.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from apps.engine import rules as engine_rules
from benchmarks.live.hub import Hub, ensure_hub
from benchmarks.loading import LoadFailedError, run
from mdmhub import env

RECORDS: Final = 260_000
BAND: Final = {"review": -2400}
"""Millibits that the seeding rule set has instead of the shipped ones; it asks about all between."""
PEOPLE: Final = {"stella": "senior_steward", "stan": "steward"}
PASSWORD: Final = "a desk of one's own"  # noqa: S105 - of a hub that nobody else reaches
_SHIPPED: Final = Path(engine_rules.__file__).parents[1] / "rulesets"


def ensure_desk(scratch: Path, *, records: int = RECORDS) -> Hub:
    """Return the loaded hub with its open questions and people; the first call makes it, which takes minutes.

    Raises LoadFailedError where a command fails, EmbeddedServerError where no server can be started.
    """
    return ensure_hub(scratch, records=records, name="desk", after=_prepare)


def _prepare(environment: Mapping[str, str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rules = write_seeding_rules(Path(folder))
        # Nobody else uses this hub: no second person needs to look at what the rules would change.
        alone = {**environment, "RULES_CHANGE_PERCENT": "100"}
        run([sys.executable, "manage.py", "rematch", "--rules", str(rules)], alone)
    for name, role in PEOPLE.items():
        words = [sys.executable, "manage.py", "add_person", name, "--role", role, "--password-stdin"]
        done = subprocess.run(
            words,
            cwd=env.PROJECT_ROOT,
            env=dict(environment),
            input=f"{PASSWORD}\n",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise LoadFailedError(f"`{' '.join(words[1:])}` ended with {done.returncode}: {done.stderr.strip()}")


def write_seeding_rules(folder: Path) -> Path:
    """Write the shipped company rules with a wider review band into `folder`; return the rule set's file."""
    text = (_SHIPPED / "company.toml").read_text(encoding="utf-8")
    for name, bits in BAND.items():
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {bits}", text)
        if found != 1:
            raise ValueError(f"the shipped rules have {found} lines for the threshold {name}")
    shutil.copy(_SHIPPED / "company.weights.json", folder / "seeding.weights.json")
    rules = folder / "seeding.toml"
    rules.write_text(text, encoding="utf-8")
    return rules
