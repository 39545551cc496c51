"""Choices as other tools write them, turned into the columns of a choice.

A format is recognised by its columns. What a format does not record gets a plain default (`mode` 'live', `purpose`
'main', a missing response time), and columns that are not read are named, so that nothing is lost in silence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.errors import KeyFileError
from stimuli.manifest import CHOICE_COLUMNS

ALIASES = {
    "participant": ("participant", "participant_id", "observer", "subject", "subject_id", "worker"),
    "item_id": ("item_id", "item", "stimulus_id", "question_id"),
    "prompt": ("prompt", "scene", "caption"),
    "left_condition": ("left_condition",),
    "right_condition": ("right_condition",),
    "response": ("response",),
    "rt_ms": ("rt_ms", "rt"),
    "trial_index": ("trial_index",),
    "session": ("session", "session_id"),
    "purpose": ("purpose",),
    "correct": ("correct",),
}
"""Columns of a long table, and the names under which each is accepted; the first that is there is read."""

KEYS = {"f": "left", "j": "right", "0": "left", "1": "right", "arrowleft": "left", "arrowright": "right"}
"""Keys and buttons of jsPsych, as the side that they choose."""

UNSURE = {"not sure": "tie", "notsure": "tie", "unsure": "tie", "equal": "tie", "": "skip"}


@dataclass(frozen=True)
class Format:
    """A foreign format: its name, the columns by which it is known, those that it may have, and its conversion."""

    name: str
    needed: tuple[str, ...]
    optional: tuple[str, ...]
    convert: Callable[[pd.DataFrame, Path], pd.DataFrame]

    def unread(self, columns: list[str]) -> list[str]:
        """Return the columns that the conversion does not look at."""
        return [c for c in columns if c not in self.needed and c not in self.optional]


def recognise(columns: list[str]) -> Format | None:
    """Return the foreign format with these columns, or none."""
    known = [f for f in FORMATS if set(f.needed) <= set(columns)]
    if known:
        return known[0]
    if any(column.startswith("Answer.q") for column in columns) and "WorkerId" in columns:
        return Format("MTurk wide", tuple(c for c in columns if c.startswith("Answer.q")), ("WorkerId",), _mturk)
    names = {target: next((n for n in ALIASES[target] if n in columns), None) for target in ALIASES}
    wanted = ("participant", "left_condition", "right_condition", "response")
    if any(names[target] is None for target in wanted) or not (names["prompt"] or names["item_id"]):
        return None
    return Format("long table", tuple(n for n in names.values() if n), ("trial_type",), _long)


def _pwcmp(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    first = _is_true(table["is_A_selected"])
    return _choices(
        path,
        participant=table["observer"],
        prompt=table["scene"],
        left_condition=table["condition_A"],
        right_condition=table["condition_B"],
        response=np.where(first, "left", "right"),
    )


def _jpeg_aic(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Conditions are codec and level; in a trap the lower level is right; a bias control shows one image twice."""
    sides = {s: "codec " + table[f"codec_{s}"] + " level " + table[f"dlevel_{s}"] for s in ("left", "right")}
    response = table["response"].str.lower().replace(UNSURE)
    trap = _is_true(table["is_trap"])
    better = np.where(table["dlevel_left"].astype(float) < table["dlevel_right"].astype(float), "left", "right")
    bias = _is_true(table["is_bias"]) if "is_bias" in table else np.zeros(len(table), dtype=bool)
    return _choices(
        path,
        participant=table["worker"],
        prompt="image " + table["img_num"],
        left_condition=sides["left"],
        right_condition=sides["right"],
        response=response,
        purpose=np.select([trap, bias], ["catch", "identical"], "main"),
        correct=pd.Series(response == better, dtype=object).where(trap & response.isin(["left", "right"]), None),
        rt_ms=table["response_time"].astype(float) * 1000 if "response_time" in table else np.nan,
    )


def _psignifit(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """A block of k right answers of n at each level: one anonymous observer, the level against a reference."""
    counts = table[next(c for c in ("n_correct", "k") if c in table)].astype(int)
    totals = table[next(c for c in ("n_trials", "n") if c in table)].astype(int)
    level = table.loc[table.index.repeat(totals), "level"].reset_index(drop=True)
    right = np.concatenate([np.arange(n) < k for k, n in zip(counts, totals, strict=True)])
    return _choices(
        path,
        participant="block",
        prompt="level " + level.astype(str),
        left_condition="level " + level.astype(str),
        right_condition="reference",
        response=np.where(right, "left", "right"),
    )


def _mturk(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    """One row for each person, one column for each question, 'A' (left) or 'B' (right); the key says what was where."""
    key_path = path.with_suffix(".key.csv")
    if not key_path.is_file():
        raise KeyFileError(key_path, "no file")
    key = pd.read_csv(key_path, dtype=str, keep_default_na=False)
    if missing := {"question", "prompt", "left_condition", "right_condition"} - set(key.columns):
        raise KeyFileError(key_path, f"no column {sorted(missing)}")
    answers = [c for c in table.columns if c.startswith("Answer.q")]
    long = table.melt(id_vars="WorkerId", value_vars=answers, var_name="question", value_name="answer")
    long = long.merge(key, on="question", how="left", validate="many_to_one").fillna("")
    if unknown := sorted(set(long.loc[long["left_condition"] == "", "question"])):
        raise KeyFileError(key_path, f"no row for {unknown[:5]}")
    sides = long["answer"].str.strip().str.lower().replace({"a": "left", "b": "right", **UNSURE})
    return _choices(
        path,
        participant=long["WorkerId"],
        item_id=long["question"],
        prompt=long["prompt"],
        left_condition=long["left_condition"],
        right_condition=long["right_condition"],
        response=sides,
    )


def _long(table: pd.DataFrame, path: Path) -> pd.DataFrame:
    names = {target: next((n for n in ALIASES[target] if n in table), None) for target in ALIASES}
    found = {target: table[name] for target, name in names.items() if name is not None}
    if "trial_type" in table:  # jsPsych writes a row for each page; only choices have two conditions
        shown = (found["left_condition"] != "") & (found["right_condition"] != "")
        found = {target: column[shown] for target, column in found.items()}
    found["response"] = found["response"].astype(str).str.lower().replace({**KEYS, **UNSURE})
    if "item_id" in found:  # the item is the cluster: one text may stand for several source images
        named = found["prompt"] + " [" + found["item_id"] + "]" if "prompt" in found else found["item_id"]
        found["prompt"] = named
    if "rt_ms" in found:
        found["rt_ms"] = pd.to_numeric(found["rt_ms"], errors="coerce")
    if "correct" in found:
        found["correct"] = found["correct"].astype(object).where(found["correct"] != "", None)
    return _choices(path, **found)


def _choices(path: Path, **columns: object) -> pd.DataFrame:
    """Return the columns of a choice; what is not given gets its plain default."""
    given = pd.DataFrame({name: _plain(column) for name, column in columns.items()}, index=_index(columns))
    table = given.reset_index(drop=True)
    table["item_id"] = table["item_id"] if "item_id" in table else table["prompt"]
    table["session"] = table["session"] if "session" in table else table["participant"]
    if "trial_index" not in table:
        table["trial_index"] = table.groupby(["participant", "session"], sort=False).cumcount()
    sides = {side: table[f"{side}_condition"].where(table["response"] == side, None) for side in ("left", "right")}
    defaults = {
        "study": path.stem,
        "study_digest": "",
        "manifest_digest": "",
        "mode": "live",
        "block": 0,
        "seed": 0,
        "purpose": "main",
        "task": "",
        "rt_ms": np.nan,
        "flags": "",
        "shown_at": "",
        "answered_at": "",
        "chosen": sides["left"].where(table["response"] == "left", sides["right"]),
    }
    empty = ("reference_condition", "left_num_steps", "right_num_steps", "correct", "repeat_of")
    table = table.assign(**{name: value for name, value in defaults.items() if name not in table})
    table = table.assign(**{name: None for name in empty if name not in table})
    return (
        table[list(CHOICE_COLUMNS)].astype(object).where(lambda frame: frame.notna() | (frame.columns == "rt_ms"), None)
    )


def _plain(column: object) -> object:
    return column.to_numpy(object) if isinstance(column, pd.Series) else column


def _index(columns: dict[str, object]) -> pd.RangeIndex:
    return pd.RangeIndex(max(len(c) for c in columns.values() if isinstance(c, pd.Series | np.ndarray)))


def _is_true(column: pd.Series) -> NDArray[np.bool_]:
    return np.asarray(column.astype(str).str.lower().isin(["1", "1.0", "true", "yes"]), dtype=bool)


AIC = ("codec_left", "codec_right", "dlevel_left", "dlevel_right")
FORMATS = (
    Format("pwcmp", ("observer", "scene", "condition_A", "condition_B", "is_A_selected"), (), _pwcmp),
    Format("JPEG AIC", ("worker", "img_num", *AIC, "response", "is_trap"), ("is_bias", "response_time"), _jpeg_aic),
    Format("psignifit", ("level", "n_correct", "n_trials"), (), _psignifit),
    Format("psignifit", ("level", "k", "n"), (), _psignifit),
)
"""Foreign formats that are known by their own columns; MTurk's wide tables and long tables are known by aliases."""
