"""Every message says what was found, what was expected and what to do, and survives a process border."""

import pickle

import pytest

from budgetfusion.errors import (
    BudgetFusionError,
    DeviceUnavailableError,
    FileAccessError,
    FileContentError,
    MetricNotFiniteError,
    MissingExtraError,
    ModelUnavailableError,
    NoSpaceError,
    ObjectStoreError,
    PredictorMismatchError,
    PredictorWidthError,
    WorkersUnavailableError,
)

MESSAGES = [
    (
        MissingExtraError("torch", "generate"),
        "Python package 'torch' is not installed, and this command needs it. "
        "Run `make setup`, or `pip install -e '.[generate]'` in the clone.",
    ),
    (
        FileContentError("rows.parquet", "no file", "a Parquet table", "Make it again."),
        "rows.parquet: found no file, expected a Parquet table. Make it again.",
    ),
    (
        ModelUnavailableError("nowhere", "no such folder"),
        "Model 'nowhere' cannot be loaded: no such folder. Expected 'scenes' or another name, a folder in diffusers' "
        "format, a .safetensors file, or the id of a model on the hub that this machine reaches; check the spelling "
        "and the connection.",
    ),
    (
        PredictorMismatchError("scenes", "a" * 64, "mine.safetensors", "b" * 64),
        "Predictor mine.safetensors was measured on model digest bbbbbbbbbbbb, but 'scenes' with these settings has "
        "aaaaaaaaaaaa. Run `budgetfusion measure` then `budgetfusion train` for this model, or give --steps N, or "
        "force one with --predictor FILE.",
    ),
    (
        DeviceUnavailableError("cuda"),
        "Device 'cuda' is not available: torch finds no GPU. Give --device cpu, or --device auto.",
    ),
    (
        FileAccessError("rows.parquet", "Permission denied"),
        "rows.parquet: Permission denied. Check the path and who may read and write it.",
    ),
    (
        PredictorWidthError("mine.safetensors", 1024, 128),
        "Predictor mine.safetensors hears text embeddings of 128 numbers, found 1024 in this model, so it cannot serve "
        "it. Run `budgetfusion measure` then `budgetfusion train`, or give --steps.",
    ),
    (
        NoSpaceError("rows.parquet"),
        "rows.parquet: no space left on the disk. Nothing half-written was kept; free some space and run it again.",
    ),
    (
        ObjectStoreError("s3://bucket/m.parquet", "no answer after 60 s"),
        "s3://bucket/m.parquet: the object store does not answer as it should (no answer after 60 s). Check the "
        "address and the connection, and run it again; what is stored is kept.",
    ),
    (
        MetricNotFiniteError("a red ball", 3, 17, "d_sim", float("inf")),
        "Prompt 'a red ball' (seed 3, 17 steps): found d_sim = inf, expected a finite number. Try --dtype float32, or "
        "leave this prompt out and run it again; finished batches are kept.",
    ),
    (
        WorkersUnavailableError(4, 2, "GPU"),
        "4 worker(s) need a GPU each: found 2 in Ray, expected 4. Give --workers 2, or more machines.",
    ),
]


@pytest.mark.parametrize(("error", "message"), MESSAGES)
def test_a_message_names_found_expected_and_remedy(error: BudgetFusionError, message: str) -> None:
    """Each error prints its facts and the remedy, on one line."""
    assert str(error) == message


@pytest.mark.parametrize("error", [error for error, _ in MESSAGES])
def test_an_error_crosses_a_process_border(error: BudgetFusionError) -> None:
    """Facts are positional attributes, so an error is the same after pickling."""
    restored = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert (type(restored), str(restored), vars(restored)) == (type(error), str(error), vars(error))
