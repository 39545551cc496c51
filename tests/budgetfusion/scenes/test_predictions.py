"""The shipped predictions are those of the shipped predictor about the shipped measurements."""

import numpy as np
import pyarrow.parquet as pq

from budgetfusion import scenes
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.measurements import MEASUREMENT, read_table
from budgetfusion.predictions import PREDICTION
from budgetfusion.predictor.controls import CONTROLS
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.training import curves
from budgetfusion.predictor.variants import VARIANTS
from budgetfusion.scenes.captions import captions

METRICS = ("l_snr", "d_sim", "i_clip")


def test_every_variant_and_control_answers_for_every_held_out_caption() -> None:
    """With the schema, the model and the captions of the benchmark."""
    table = pq.read_table(scenes.PREDICTIONS)
    names = ["variant", "prompt", "metric", "num_steps"]

    assert table.schema.equals(PREDICTION)
    assert set(table["variant"].to_pylist()) == {*VARIANTS, *CONTROLS}
    assert set(table["prompt"].to_pylist()) == set(captions(held_out=True, each=24))
    assert table.group_by(names).aggregate([]).num_rows == table.num_rows == 10 * 144 * 3 * 129


def test_ours_is_the_shipped_predictor(model: Model) -> None:
    """What it says is in the table, up to the last bits, beside the means of what was measured."""
    table = pq.read_table(scenes.PREDICTIONS, filters=[("variant", "==", "ours")])
    prompts = table["prompt"].to_numpy()[:: len(METRICS) * 129].tolist()
    shape = (len(prompts), len(METRICS), 129)
    rows = [row for row in read_table(scenes.MEASUREMENTS, MEASUREMENT) if row["prompt"] in set(prompts)]
    measured, labels = curves(rows, METRICS)

    told = Predictor.load(scenes.PREDICTOR).predict(encode_text(model.pipe, prompts))

    assert set(table["config_digest"].to_pylist()) == {model.digest}
    np.testing.assert_allclose(table["predicted"].to_numpy().reshape(shape), told, atol=1e-4)
    order = [measured.index(prompt) for prompt in prompts]
    np.testing.assert_allclose(table["label"].to_numpy().reshape(shape), labels[order], atol=1e-6)
