"""The shipped example studies can be drafted as they are."""

from importlib.resources import files
from pathlib import Path

import pytest

from prolific_config.codes import CODE_TYPES
from prolific_config.drafts import draft
from prolific_config.table import findings_of, read_prolific

EXAMPLES = sorted(Path(str(files("prolific_config"))).glob("studies/*.toml"))
CODES = {outcome: f"CODE{number}" for number, outcome in enumerate(CODE_TYPES)}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_study_is_one_that_prolific_would_take(client, path) -> None:
    """Policy refuses nothing and asks for no better pay, and the draft fits the description."""
    study, table = read_prolific(path)
    keys = {finding.key for finding in findings_of(table, instruction_checks=0)}
    made = client.create_draft(draft(study, table, CODES, "https://lab.example"))

    assert keys <= {"minutes"}
    assert made.total_available_places == (table.places or study.design.participants)
