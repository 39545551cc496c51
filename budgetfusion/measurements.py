"""THE MEASUREMENT TABLE, the cost table and the evaluation table: schemas, reader, writer.

A measurement is reproducible from its row; a cost is not, so they never share a row.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from budgetfusion.errors import FileContentError
from budgetfusion.places import Place, place

_METRICS = [
    ("l_snr_db", pa.float64()),  # decibels; higher = less fine detail
    ("l_snr", pa.float64()),  # [0, 1], lower = sharper
    ("d_sim", pa.float64()),  # [0, 1], distance to the image at the most steps
    ("i_clip", pa.float64()),  # [0, 1], similarity to that image
    ("i_clip_caption", pa.float64()),  # [0, 1], similarity of what is said of both; null where it was not asked
    ("ssim", pa.float64()),  # [-1, 1], similarity to that image
    ("encoder", pa.string()),  # what D-SIM and I-CLIP looked through
]

MEASUREMENT = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("seed", pa.int64()),
        ("num_steps", pa.int64()),
        ("method", pa.string()),  # how the image was made: 'euler'
        *_METRICS,
        ("config_digest", pa.string()),  # of the model and its generation settings
    ]
)
"""One row for each prompt, seed, num_steps and method."""

COST = pa.schema(
    [
        ("config_digest", pa.string()),
        ("num_steps", pa.int64()),
        ("tflop", pa.float64()),  # 2 floating-point operations for each multiply-add
        ("tflop_attention", pa.float64()),  # the share of the two attention products
        ("seconds", pa.float64()),
        ("joules", pa.float64()),  # null where there is no meter
        ("hardware", pa.string()),
    ]
)
"""One row for each config and num_steps."""

EVALUATION = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("seed", pa.int64()),
        ("rule", pa.string()),  # OURS, one that it is compared with (`rules`, `informed`), or a baseline
        ("replicate", pa.int64()),  # which permutation; 0 for every other rule
        ("num_steps", pa.int64()),
        ("tflop", pa.float64()),
        *_METRICS,  # against the reference
        ("reference", pa.string()),  # who made it: EULER for every rule; for a sampler also the sampler itself
        ("reference_num_steps", pa.int64()),
        ("config_digest", pa.string()),
    ]
)
"""One row for each prompt, seed, rule, replicate and reference: metrics of images generated at exactly those steps."""

SCORE = pa.schema(
    [
        ("rule", pa.string()),
        ("replicate", pa.int64()),
        ("num_images", pa.int64()),  # all prompts and seeds
        ("frechet_to", pa.string()),  # which images the Fréchet distances are to
        ("is_scenes", pa.float64()),  # 1 or more, higher is better
        ("is_scenes_sd", pa.float64()),  # over the splits
        ("fid_scenes", pa.float64()),  # 0 or more, lower is nearer
        ("is_inception", pa.float64()),
        ("is_inception_sd", pa.float64()),
        ("fid_inception", pa.float64()),
        ("config_digest", pa.string()),
    ]
)
"""One row for each rule and replicate: scores of sets of images; null where a network was not asked."""

TRANSFER = pa.schema(
    [
        ("prompt_id", pa.string()),
        ("prompt", pa.string()),
        ("seed", pa.int64()),
        ("scheduler", pa.string()),  # one of `baselines.transfer.SCHEDULERS`
        ("equal", pa.string()),  # what is OURS': 'steps' or 'evaluations'
        ("num_steps", pa.int64()),
        ("evaluations", pa.int64()),  # how often the denoiser was asked about the image
        ("tflop", pa.float64()),
        *_METRICS,  # against the same scheduler's image at reference_num_steps
        ("reference_num_steps", pa.int64()),
        ("config_digest", pa.string()),
    ]
)
"""One row for each prompt, seed, scheduler and what is held equal: do OURS' step counts carry over?"""


def write_table(path: Path | Place, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
    """Write rows as Parquet, all of them or none.

    Raises:
        NoSpaceError: If the disk is full.
        ObjectStoreError: If it is an object store that does not take them.
    """
    with place(path).replacing() as unfinished:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), unfinished, compression="zstd")


def read_table(path: Path | Place, schema: pa.Schema) -> list[dict[str, Any]]:
    """Read rows written by `write_table`.

    Raises:
        FileContentError: If the file is missing, is not Parquet or has other columns.
        ObjectStoreError: If it is in an object store that does not answer.
    """
    try:
        table = pq.read_table(place(path).opened())
    except FileNotFoundError as error:
        raise FileContentError(path, "no file", "a Parquet table", "Run the command that makes it.") from error
    except pa.ArrowInvalid as error:
        raise FileContentError(path, "no Parquet", "a Parquet table", "Make it again.") from error
    if not table.schema.equals(schema):
        raise FileContentError(path, f"columns {table.schema.names}", f"columns {schema.names}", "Make it again.")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
