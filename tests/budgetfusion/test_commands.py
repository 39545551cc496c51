"""The commands of the core, as a user types them."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from budgetfusion import scenes
from budgetfusion.budgets import Budget, prompt_id, write_budgets
from budgetfusion.cli import EXTRAS, cli
from budgetfusion.config import GenerationConfig
from budgetfusion.demo import PROMPTS
from budgetfusion.diffusion.pipeline import Model, generate, load
from budgetfusion.errors import MissingExtraError, PredictorMismatchError
from budgetfusion.measurements import MEASUREMENT, read_table, write_table
from budgetfusion.metrics.encoder import scene_encoder
from budgetfusion.predictor.predictor import Predictor
from budgetfusion.predictor.shipped import predictor_for
from budgetfusion.prompts import EmptyPromptsError
from budgetfusion.scenes import captions
from budgetfusion.scenes.grammar import SHAPES

PROMPT = "a red ball on a green field"


def run(*words: object) -> Result:
    """Run a command of `budgetfusion` in this process."""
    return CliRunner().invoke(cli, [str(word) for word in words], catch_exceptions=True)


def test_the_shipped_predictor_belongs_to_the_embedded_model(model: Model) -> None:
    """It was measured on these very weights and settings, and is small enough to ship."""
    assert predictor_for(model).model_digest == model.digest
    assert scenes.PREDICTOR.stat().st_size <= 4_000_000


def test_the_shipped_measurements_are_of_the_embedded_model(model: Model) -> None:
    """Every row is, seen through the embedded encoder, and the held-out captions are there with four seeds."""
    rows = read_table(scenes.MEASUREMENTS, MEASUREMENT)
    held_out = set(captions.captions(held_out=True, each=24))

    assert {(row["config_digest"], row["encoder"]) for row in rows} == {(model.digest, scene_encoder().name)}
    assert {(row["prompt"], row["seed"]) for row in rows if row["prompt"] in held_out} == {
        (caption, seed) for caption in held_out for seed in range(4)
    }


def test_the_demo_asks_about_held_out_captions() -> None:
    """Its predictor was trained on none of their combinations of background, shape and count."""
    assert set(PROMPTS) <= set(captions.captions(held_out=True, each=12))


def test_another_model_is_refused_with_the_way_to_its_own_predictor() -> None:
    """Other settings are another model; the message names measure, train and the ways around."""
    other = load(GenerationConfig(guidance_scale=5.0), "cpu", text_only=True)

    with pytest.raises(
        PredictorMismatchError, match=r"`budgetfusion measure` then `budgetfusion train`.*--predictor FILE"
    ):
        predictor_for(other)


def test_a_forced_predictor_is_used_and_the_output_says_so() -> None:
    """--predictor overrides the refusal, not the truth."""
    done = run("predict", PROMPT, "--guidance", "5", "--predictor", scenes.PREDICTOR)

    assert done.exit_code == 0
    assert "is forced on 'scenes'" in done.stderr
    assert "its step counts are guesses there" in done.stderr


def test_predict_says_the_steps_and_what_bound_them(tmp_path: Path) -> None:
    """One line with t*, one with each metric's plateau, a plot in the terminal and one in a file."""
    done = run("predict", PROMPT, "--plot", tmp_path / "curves.svg")

    assert done.exit_code == 0
    assert "t* = " in done.stdout
    assert "plateau of each metric: l_snr" in done.stdout
    assert "denoising steps" in done.stdout
    assert (tmp_path / "curves.svg").read_text().startswith("<?xml")


def test_predict_speaks_json() -> None:
    """One object, with the digests of predictor and model."""
    found = json.loads(run("predict", PROMPT, "--json").stdout)

    assert found["num_steps"] == max(found["plateaus"].values())
    assert found["model_digest"] == Predictor.load(scenes.PREDICTOR).model_digest


def test_generate_takes_the_predicted_steps(model: Model, tmp_path: Path) -> None:
    """The saved image is the pipeline's at the number of steps that `predict` names."""
    steps = json.loads(run("predict", PROMPT, "--json").stdout)["num_steps"]

    done = run("generate", PROMPT, "--seed", "3", "--device", "cpu", "--out", tmp_path / "ball.png")

    assert done.exit_code == 0
    assert f"{steps} steps (predicted" in done.stdout
    assert (np.asarray(Image.open(tmp_path / "ball.png")) == generate(model, [PROMPT], [3], steps)[0]).all()


def test_a_word_outside_the_vocabulary_is_said(tmp_path: Path) -> None:
    """The embedded model draws something else, and does not do so silently."""
    done = run("generate", "a red zebra on a green field", "--steps", "2", "--out", tmp_path / "zebra.png")

    assert done.exit_code == 0
    assert "never saw the word(s) zebra;" in done.stderr
    assert f"It knows {len(SHAPES)} shapes" in done.stderr


def test_a_known_prompt_is_not_remarked_on(tmp_path: Path) -> None:
    """Every word of it is in the captions that the model was trained on."""
    done = run("generate", PROMPT, "--steps", "2", "--out", tmp_path / "ball.png")

    assert done.exit_code == 0
    assert "never saw" not in done.stderr


@pytest.mark.parametrize("steps", ["0", "1001", "few"])
def test_a_foolish_number_of_steps_is_refused(steps: str) -> None:
    """The message says what was found and what was expected."""
    done = run("generate", PROMPT, "--steps", steps)

    assert done.exit_code == 2
    assert f"found '{steps}', expected 'auto' or a whole number from 1 to 1000" in done.stderr


def test_measure_says_how_much_work_it_is(tmp_path: Path) -> None:
    """A dry run counts images and steps, estimates what they cost, and writes nothing."""
    (tmp_path / "prompts.txt").write_text(f"{PROMPT}\n\n an empty white wall \n{PROMPT}\n")

    done = run("measure", tmp_path / "prompts.txt", "--out", tmp_path / "m.parquet", "--seeds", "0,1", "--dry-run")

    assert "4 prompts x seeds, 48 images, 1420 steps" in done.stderr
    assert re.search(
        r"estimated: [\d.]+ TFLOP, [\d.]+ (s|min|h), 9.6 kB of disk; latents, if kept, 147 kB", done.stderr
    )
    assert not (tmp_path / "m.parquet").exists()


@pytest.mark.parametrize("command", ["measure", "evaluate"])
def test_an_encoder_that_is_not_installed_is_named(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the extra that brings it, before an image is made."""
    monkeypatch.setitem(sys.modules, "dreamsim", None)
    (tmp_path / "prompts.txt").write_text(f"{PROMPT}\n")
    prompts = [tmp_path / "prompts.txt"] if command == "measure" else ["--prompts", tmp_path / "prompts.txt"]

    done = run(command, *prompts, "--out", tmp_path / "t.parquet", "--encoder", "dreamsim+clip")

    assert isinstance(done.exception, MissingExtraError)
    assert "pip install -e '.[dreamsim]'" in str(done.exception)
    assert not (tmp_path / "t.parquet").exists()


def test_train_refuses_rows_of_several_encoders(tmp_path: Path) -> None:
    """A curve is of one measure; a table that was put together by hand is looked at, too."""
    rows = read_table(scenes.MEASUREMENTS, MEASUREMENT)[:24]
    write_table(tmp_path / "m.parquet", [*rows[:12], *(row | {"encoder": "other:0"} for row in rows[12:])], MEASUREMENT)

    done = run("train", tmp_path / "m.parquet", "--out", tmp_path / "p")

    assert re.search(r"found rows of encoders other:0, scenes:\w+, expected those of one", str(done.exception))


def test_workers_without_ray_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line says which extra brings it, before anything is loaded; one GPU for all is refused."""
    (tmp_path / "prompts.txt").write_text(PROMPT)
    words = ("measure", tmp_path / "prompts.txt", "--out", tmp_path / "m.parquet", "--workers", "2")
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.delitem(sys.modules, "budgetfusion.workers", raising=False)

    absent, one = run(*words), run(*words, "--device", "cuda:1")

    assert isinstance(absent.exception, ModuleNotFoundError)
    assert EXTRAS[str(absent.exception.name)] == "distributed"
    assert "found one GPU for all workers, expected --device auto, cpu or cuda" in one.stderr


def test_an_empty_prompt_file_is_named(tmp_path: Path) -> None:
    """Nothing is measured, and the file is named."""
    (tmp_path / "prompts.txt").write_text("\n \n")

    done = run("measure", tmp_path / "prompts.txt", "--out", tmp_path / "m.parquet")

    assert isinstance(done.exception, EmptyPromptsError)
    assert str(tmp_path / "prompts.txt") in str(done.exception)


def test_seeds_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """The message shows the form."""
    done = run("measure", tmp_path / "p.txt", "--out", tmp_path / "m.parquet", "--seeds", "one")

    assert "found 'one', expected whole numbers with commas between" in done.stderr


def test_train_makes_a_predictor_that_its_model_accepts(model: Model, tmp_path: Path) -> None:
    """The way that a refusal names leads somewhere."""
    out = tmp_path / "own.safetensors"

    done = run("train", scenes.MEASUREMENTS, "--out", out, "--epochs", "1")

    assert done.exit_code == 0
    assert predictor_for(model, out).model_digest == model.digest


def test_a_prompt_that_is_cut_is_said() -> None:
    """The text encoder takes 40 tokens; what is not heard is not passed over in silence."""
    long = run("predict", "a red ball on a green field and " * 20 + "a cup")
    short = run("predict", PROMPT)

    assert "note: 1 prompt(s) have more than 40 tokens; the model hears only the beginning." in long.stderr
    assert "tokens" not in short.stderr


def test_a_plot_needs_a_known_ending(tmp_path: Path) -> None:
    """It is said before anything is computed."""
    done = run("predict", PROMPT, "--plot", tmp_path / "curves.xyz")

    assert "found 'curves.xyz', expected a name that ends with .svg, .pdf or .png" in done.stderr


def test_evaluate_refuses_budgets_of_another_model(model: Model, tmp_path: Path) -> None:
    """Nobody reads one model's efficiency off another's budgets."""
    path = tmp_path / "budgets.parquet"
    budget = Budget(prompt_id(PROMPT), PROMPT, "OURS", 2, 2, 2, 2, "d_sim", "ok", None, "f" * 64)
    write_budgets(path, [budget])
    write_budgets(tmp_path / "none.parquet", [])

    other = run("evaluate", path, "--out", tmp_path / "e.parquet")
    empty = run("evaluate", tmp_path / "none.parquet", "--out", tmp_path / "e.parquet")

    assert f"found budgets of model ffffffffffff, expected {model.digest[:12]}" in str(other.exception)
    assert "found no row of rule OURS, expected at least one" in str(empty.exception)


def test_train_refuses_measurements_of_another_model(tmp_path: Path) -> None:
    """Rows of other settings are not this model's."""
    done = run("train", scenes.MEASUREMENTS, "--out", tmp_path / "p", "--guidance", "5")

    assert "found no row of this model" in str(done.exception)
