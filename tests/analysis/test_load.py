"""Reading choices and evaluations: three formats, one frame; faults are named."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.errors import ChoicesError, ColumnsError, DigestError, EvaluationError, ValuesError
from analysis.load import read_choices, read_evaluation
from budgetfusion.errors import FileContentError
from budgetfusion.measurements import EVALUATION, write_table
from stimuli.manifest import CHOICE_COLUMNS, Manifest


@pytest.fixture
def choices(manifest: Manifest, choices_of: Callable[..., pd.DataFrame]) -> pd.DataFrame:
    """Choices of three observers."""
    return choices_of(manifest, people=3)


def _write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    else:
        pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_same_frame(
    tmp_path: Path, manifest: Manifest, choices: pd.DataFrame, ending: str
) -> None:
    """CSV, JSONL and Parquet of the same choices are read as the same values under the contract's columns."""
    frame = read_choices(_write(choices, tmp_path / f"choices.{ending}"), manifest)

    assert tuple(frame.columns) == CHOICE_COLUMNS
    assert frame["chosen"].tolist() == choices["chosen"].tolist()
    assert frame["repeat_of"].dropna().tolist() == [0, 1, 2]
    assert frame["correct"].sum() == 6


def test_text_that_looks_missing_stays_text(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """A prompt 'NA' is a prompt."""
    path = _write(choices.assign(prompt="NA"), tmp_path / "choices.csv")

    assert set(read_choices(path, manifest)["prompt"]) == {"NA"}


def test_columns_are_named(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """Missing and unknown columns stand in the message."""
    path = _write(choices.drop(columns="seed").assign(mood="calm"), tmp_path / "choices.csv")

    with pytest.raises(ColumnsError, match=r"missing columns \['seed'\] and unknown columns \['mood'\].*study export"):
        read_choices(path, manifest)


def test_wrong_values_are_listed_with_their_rows(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """The message names row, column and value, and how many more there are."""
    path = _write(choices.assign(response=["middle"] * 6 + choices["response"].tolist()[6:]), tmp_path / "choices.csv")

    with pytest.raises(ValuesError, match=r"found 6 wrong value.*row 1 response='middle'.*row 5.*and 1 more"):
        read_choices(path, manifest)


def test_chosen_must_be_the_chosen_side(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """`chosen` is decoded once, on the server; a row that contradicts its sides is refused."""
    choices.loc[1, "response"] = "left" if choices.loc[1, "response"] == "right" else "right"

    with pytest.raises(ValuesError, match=r"row 2 chosen=.* is not the chosen side"):
        read_choices(_write(choices, tmp_path / "choices.csv"), manifest)


def test_one_trial_stands_once(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """A trial that was exported twice is refused."""
    path = _write(pd.concat([choices, choices.tail(1)]), tmp_path / "choices.csv")

    with pytest.raises(ValuesError, match="repeats a trial_index of its session"):
        read_choices(path, manifest)


def test_unknown_items_are_refused(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """An item that the manifest does not know cannot be analysed."""
    choices.loc[0, "item_id"] = "i99"

    with pytest.raises(ValuesError, match="row 1 item_id='i99' is not in the manifest"):
        read_choices(_write(choices, tmp_path / "choices.csv"), manifest)


def test_another_manifest_is_refused(tmp_path: Path, manifest: Manifest, choices: pd.DataFrame) -> None:
    """Choices about other material are refused, and both digests are named."""
    path = _write(choices.assign(manifest_digest="0" * 64), tmp_path / "choices.csv")

    with pytest.raises(DigestError, match=f"manifest digest 000000000000, expected {manifest.digest[:12]}. Give the"):
        read_choices(path, manifest)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("choices.csv", None, "found no file"),
        ("choices.csv", "", "content that is no csv table"),
        ("choices.csv", "study\n", "found no rows"),
        ("choices.jsonl", "{", "content that is no jsonl table"),
        ("choices.parquet", "x", "content that is no parquet table"),
        ("choices.xlsx", "x", "ending '.xlsx', expected one of .csv, .jsonl, .parquet"),
    ],
)
def test_no_table_is_one_line(tmp_path: Path, manifest: Manifest, name: str, content: str | None, words: str) -> None:
    """A file that is missing, empty or something else is named, with the command that makes a right one."""
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(ChoicesError, match=words) as caught:
        read_choices(tmp_path / name, manifest)
    assert "study export" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_evaluation_is_read_as_its_schema(tmp_path: Path, evaluation_of: Callable[..., Any]) -> None:
    """Evaluation rows have the schema's columns."""
    rows = evaluation_of().to_dict("records")
    write_table(tmp_path / "evaluation.parquet", rows, EVALUATION)
    frame = read_evaluation(tmp_path / "evaluation.parquet")

    assert (list(frame.columns), len(frame)) == (EVALUATION.names, len(rows))


def test_missing_and_empty_evaluations_are_said(tmp_path: Path) -> None:
    """No file and no rows are two different lines."""
    write_table(tmp_path / "empty.parquet", [], EVALUATION)

    with pytest.raises(FileContentError, match="found no file"):
        read_evaluation(tmp_path / "absent.parquet")
    with pytest.raises(EvaluationError, match=r"has no rows.*budgetfusion evaluate"):
        read_evaluation(tmp_path / "empty.parquet")
