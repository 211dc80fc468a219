"""A web process does before its first request what would make that one slow."""

import subprocess
import sys

import pytest
from django.conf import settings

TOLD = "import sys; import mdmhub.wsgi; print(*sorted({'numpy', 'pandas', 'rapidfuzz'} & set(sys.modules)))"


@pytest.mark.django_db
def test_a_web_process_has_imported_what_its_first_decision_needs() -> None:
    done = subprocess.run(
        [sys.executable, "-c", TOLD], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["numpy", "pandas", "rapidfuzz"]
