"""The answer to: how far is the predictor off. Table 1 and Figure 12 of the paper, from the prediction table."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import paper_plots
from analysis.document import Block, Column, Picture, Section, Table, Text, column
from analysis.errors import EvaluationError
from analysis.predictor_errors import fitting_error, table_1, verdict
from analysis.rounding import MISSING, NO_ERROR, number, plus_minus

METRICS = {name: words for name, (words, *_) in paper_plots.METRICS.items()}
PREDICTION_COLUMNS = (
    "variant",
    "prompt_id",
    "metric",
    "num_steps",
    "predicted",
    "label",
    "is_measured",
    "num_parameters",
)


def predictor_section(predictions: pd.DataFrame | None) -> Section:
    """Return the section on the predictor; without predictions it is empty.

    Args:
        predictions: As `read_predictions` returns them.
    """
    if predictions is None:
        return Section("", ())
    errors = table_1(predictions)
    names = ["measured", "interpolated", "nearer"]
    shown = errors[[*names, *(f"{name}_se" for name in names), "paper_error"]] * 1e3
    columns = (
        column("variant", errors["variant"]),
        column("parameters", errors["num_parameters"] / 1e6, lambda n: f"{n:.2f} M" if np.isfinite(n) else MISSING),
        column("metric", errors["metric"].map(METRICS)),
        with_error("measured steps", shown, "measured", 1),
        with_error("all steps", shown, "interpolated", 1),
        with_error("nearer than mean", shown, "nearer", 1),
        column("paper", shown["paper_error"], lambda value: number(value, otherwise=0)),
    )
    caption = (
        f"Mean absolute error of the predicted curves in 1e−3, ± SE over {errors['n'].iloc[0]} held-out prompts; and "
        "how much smaller it is at the measured steps than that of the training prompts’ mean curve, paired by prompt."
    )
    blocks: list[Block] = [Table("table-1", caption, columns, errors)]
    for variant in [name for name in ("ours", "paper") if name in set(errors["variant"])][:1]:
        blocks.insert(0, Text(verdict(errors, variant), "strong"))
        drawn = paper_plots.fitting(fitting_error(predictions, variant))
        words = f"Error ± SE of ‘{variant}’ at each measured step count (left), and by the steps it suggests (right)."
        blocks.append(Picture("figure-12", *drawn, words, "Error of the predictor by steps."))
    return Section("Table 1 and Figure 12: how far is the predictor off?", tuple(blocks))


def read_predictions(path: Path) -> pd.DataFrame:
    """Read the columns of the prediction table that the section needs.

    Raises:
        EvaluationError: If the file is missing, is no Parquet, or lacks a column.
    """
    try:
        table = pq.read_table(path)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise EvaluationError(f"no prediction table at {path}", "a Parquet table of predictions") from error
    absent = sorted(set(PREDICTION_COLUMNS) - set(table.column_names))
    if absent:
        raise EvaluationError(f"predictions without {', '.join(absent)}", f"columns {', '.join(PREDICTION_COLUMNS)}")
    return table.select(PREDICTION_COLUMNS).to_pandas()


def with_error(header: str, table: pd.DataFrame, name: str, otherwise: int) -> Column:
    """Return a column of 'value ± error' from the columns `name` and `name_se` of a table.

    Args:
        header: Of the column.
        table: With both columns.
        name: Of the values.
        otherwise: Most decimals, and those of a value without error.
    """
    errors = table[f"{name}_se"]
    told = errors.where(errors < NO_ERROR, errors.clip(lower=10.0**-otherwise))
    pairs = zip(table[name], told, strict=True)
    return Column(header, tuple(plus_minus(mean, error, otherwise) for mean, error in pairs))
