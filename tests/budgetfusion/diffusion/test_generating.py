"""`budgetfusion generate` with several prompts, a file, a budget and mistakes."""

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from budgetfusion.cli import cli
from budgetfusion.cost import FlopCount
from budgetfusion.diffusion.errors import BudgetTooSmallError, LatentsNotFiniteError
from budgetfusion.diffusion.pipeline import Model, generate
from budgetfusion.diffusion.plans import Plan, affordable, predicted

PROMPTS = ("a red ball on a green field", "an empty white wall")
FLOPS = FlopCount(step=2.0, step_attention=0.5, decode=3.0, text=1.0)


def run(*words: object) -> Result:
    """Run `budgetfusion generate` in this process, on the CPU."""
    return CliRunner().invoke(cli, ["generate", *(str(word) for word in words), "--device", "cpu"])


def test_several_prompts_make_numbered_images(model: Model, tmp_path: Path) -> None:
    """Each has its own predicted steps and its reason, from the command line and from a file."""
    (tmp_path / "more.txt").write_text(f"{PROMPTS[1]}\n{PROMPTS[0]}\n")
    out = tmp_path / "made" / "scene.png"

    done = run(PROMPTS[0], "--prompts", tmp_path / "more.txt", "--seed", 2, "--out", out)

    assert done.exit_code == 0, done.output
    plans = predicted(model, PROMPTS)
    for k, (line, plan) in enumerate(zip(done.stdout.splitlines(), plans, strict=True), start=1):
        path = out.with_name(f"scene-{k:03d}.png")
        assert line.startswith(f"{path}: {plan.num_steps} steps ({plan.reason}), ")
        stock = generate(model, [plan.prompt], [2], plan.num_steps)[0]
        assert np.abs(np.asarray(Image.open(path)).astype(int) - stock).max() <= 1


def test_a_budget_cuts_the_steps_and_says_so(model: Model, tmp_path: Path) -> None:
    """Together the images cost no more than was allowed."""
    done = run(*PROMPTS, "--steps", 9, "--budget-tflop", 0.02, "--out", tmp_path / "x.png")

    assert done.exit_code == 0, done.output
    assert "(as asked: 9, cut by the budget)" in done.stdout
    assert sum(float(cost) for cost in re.findall(r"([\d.]+) TFLOP", done.stdout)) <= 0.02 * 1.01


def test_a_budget_is_spent_to_the_last_step_that_fits() -> None:
    """Two images of 4 TFLOP beside their steps, and 2 TFLOP a step."""
    plans = [Plan("a", 10, "as asked"), Plan("b", 2, "as asked")]

    cut = affordable(plans, FLOPS, 2 * 4 + 2 * 8)

    assert [plan.num_steps for plan in cut] == [6, 2]
    assert affordable(plans, FLOPS, 1000.0) == plans
    with pytest.raises(BudgetTooSmallError, match=r"Budget of 11 TFLOP: 2 image\(s\) of 1 step\(s\) need 12"):
        affordable(plans, FLOPS, 11.0)


def test_the_best_split_spends_the_budget_where_it_is_worth_most(tmp_path: Path) -> None:
    """The same total as a cut, no image below two steps, and each line says that it is a split."""
    done = run(*PROMPTS, "--budget-tflop", 0.02, "--split", "best", "--out", tmp_path / "x.png")

    assert done.exit_code == 0, done.output
    steps = [int(n) for n in re.findall(r": (\d+) steps \(best split of \d+ steps\)", done.stdout)]
    assert (len(steps), min(steps) >= 2) == (len(PROMPTS), True)
    assert sum(float(cost) for cost in re.findall(r"([\d.]+) TFLOP", done.stdout)) <= 0.02 * 1.01


def test_the_best_split_needs_a_budget() -> None:
    """Without one there is nothing to split."""
    assert "expected --budget-tflop beside it" in run(PROMPTS[0], "--split", "best").stderr


def test_without_guidance_a_step_costs_half(tmp_path: Path) -> None:
    """One row for each image: said in the line, and made."""
    guided = run(PROMPTS[0], "--steps", 20, "--out", tmp_path / "x.png")
    plain = run(PROMPTS[0], "--steps", 20, "--guidance", 1, "--out", tmp_path / "y.png")
    costs = [float(re.findall(r"([\d.]+) TFLOP", done.stdout)[0]) for done in (guided, plain)]

    assert costs[1] / costs[0] == pytest.approx(0.5, abs=0.05)


def test_no_prompt_is_refused() -> None:
    """The message shows both ways to give one."""
    done = run("--steps", 2)

    assert done.exit_code == 2
    assert "found no prompt, expected at least one: give PROMPT, or --prompts FILE" in done.stderr


def test_what_succeeds_is_saved_before_what_failed_is_told(tmp_path: Path) -> None:
    """No image is left half-written."""
    done = run(*PROMPTS, "--steps", 3, "--guidance", "3e38", "--out", tmp_path / "x.png")

    assert isinstance(done.exception, LatentsNotFiniteError)
    assert "error: Job 'an empty white wall'" in done.stderr
    assert list(tmp_path.iterdir()) == []
