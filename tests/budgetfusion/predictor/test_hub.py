"""A predictor in a folder or on the hub, in front of a pipeline."""

import subprocess
import sys
from pathlib import Path

import pytest
from diffusers import DDIMScheduler, EulerDiscreteScheduler, StableDiffusionPipeline
from diffusers.modular_pipelines import ModularPipelineBlocks, SequentialPipelineBlocks
from diffusers.modular_pipelines.modular_pipeline_utils import InputParam, OutputParam

from budgetfusion import scenes
from budgetfusion.diffusion.adoption import adopt
from budgetfusion.diffusion.errors import SchedulerMismatchError
from budgetfusion.diffusion.modular import BudgetStep
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import FileContentError, ModelUnavailableError, PredictorMismatchError
from budgetfusion.predictor.hub import BudgetPredictor, DetachedPredictorError
from budgetfusion.predictor.predictor import Predictor

PROMPT = "a red ball on a green field"


@pytest.fixture(scope="module")
def pipe() -> StableDiffusionPipeline:
    """The embedded pipeline as a diffusers user loads it, with the scheduler that predictors are measured on."""
    import torch

    pipe = StableDiffusionPipeline.from_pretrained(scenes.PIPELINE, dtype=torch.float32)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config, timestep_spacing="linspace")
    pipe.set_progress_bar_config(disable=True)
    return pipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped predictor, saved for the hub."""
    BudgetPredictor(Predictor.load(scenes.PREDICTOR)).save_pretrained(tmp_path / "mine")
    return tmp_path / "mine"


def test_three_lines_put_it_in_front_of_a_pipeline(pipe: StableDiffusionPipeline, folder: Path) -> None:
    """From the folder to an image, with the steps that the shipped predictor suggests."""
    predictor = BudgetPredictor.from_pretrained(folder).attached_to(pipe)
    steps = predictor.predict(PROMPT).num_steps
    image = pipe(PROMPT, num_inference_steps=steps).images[0]

    assert steps == Predictor.load(scenes.PREDICTOR).suggest(encode_text(pipe, [PROMPT]))[0].num_steps
    assert image.size == (64, 64)


def test_a_pipeline_of_ones_own_has_the_digest_of_a_loaded_model(pipe: StableDiffusionPipeline, model: Model) -> None:
    """Whoever loads it, the same files and settings are the same model."""
    assert adopt(pipe).digest == model.digest
    assert adopt(pipe, guidance_scale=5.0).digest != model.digest


def test_another_model_is_refused(pipe: StableDiffusionPipeline, folder: Path) -> None:
    """Other settings are another model."""
    with pytest.raises(PredictorMismatchError, match="`budgetfusion measure` then `budgetfusion train`"):
        BudgetPredictor.from_pretrained(folder).attached_to(pipe, guidance_scale=5.0)


@pytest.mark.parametrize("scheduler", [DDIMScheduler, EulerDiscreteScheduler])
def test_another_scheduler_is_refused_with_the_line_that_sets_the_right_one(
    pipe: StableDiffusionPipeline, folder: Path, scheduler: type
) -> None:
    """DDIM, and Euler with other spacing, converge otherwise."""
    own = pipe.scheduler
    pipe.scheduler = scheduler.from_config(own.config, timestep_spacing="trailing")
    try:
        with pytest.raises(SchedulerMismatchError, match=r'expected .* Set pipe\.scheduler = .*"linspace"'):
            BudgetPredictor.from_pretrained(folder).attached_to(pipe)
    finally:
        pipe.scheduler = own


def test_it_hears_nothing_before_it_is_attached(folder: Path) -> None:
    """The message shows the call."""
    with pytest.raises(DetachedPredictorError, match=r"predictor\.attached_to\(pipe\)"):
        BudgetPredictor.from_pretrained(folder).predict(PROMPT)


def test_what_is_saved_is_a_safetensors_file_its_configuration_and_a_card(folder: Path) -> None:
    """The card names the model's digest, the prompts, and how it is used."""
    shipped = Predictor.load(scenes.PREDICTOR)
    card = (folder / "README.md").read_text(encoding="utf-8")

    assert {path.name for path in folder.iterdir()} == {"predictor.safetensors", "config.json", "README.md"}
    assert shipped.model_digest in card
    assert f"| measured prompts | {shipped.facts['prompts']} |" in card
    assert "library_name: budgetfusion" in card


def test_several_prompts_have_budgets_with_curves(pipe: StableDiffusionPipeline, folder: Path, tmp_path: Path) -> None:
    """Each a row of the budget table, its suggestion, its curves, and a plot."""
    predictor = BudgetPredictor.from_pretrained(folder).attached_to(pipe)

    found = predictor.predict([PROMPT, "an empty white wall"])

    assert [one.budget.prompt for one in found] == [PROMPT, "an empty white wall"]
    assert found[0].budget.model_digest == predictor.predictor.model_digest
    assert found[0].curves.shape == (3, 129)
    assert found[0].num_steps == max(plateau.num_steps for plateau in found[0].suggestion.plateaus.values())
    found[0].plot(tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_without_a_predictor_is_named(tmp_path: Path) -> None:
    """And how to make one."""
    with pytest.raises(FileContentError, match="found no file, expected a predictor"):
        BudgetPredictor.from_pretrained(tmp_path)


def test_a_hub_that_is_not_reached_is_one_line(tmp_path: Path) -> None:
    """No traceback of the network."""
    with pytest.raises(ModelUnavailableError, match="Model 'nobody/nothing' cannot be loaded"):
        BudgetPredictor.from_pretrained("nobody/nothing", local_files_only=True, cache_dir=tmp_path)


class _SetTimesteps(ModularPipelineBlocks):
    """Stands for the block of a modular pipeline that sets the timesteps."""

    @property
    def inputs(self) -> list[InputParam]:
        return [InputParam("num_inference_steps", default=50)]

    @property
    def intermediate_outputs(self) -> list[OutputParam]:
        return [OutputParam("timesteps")]

    def __call__(self, components: object, state: object) -> tuple[object, object]:
        block = self.get_block_state(state)
        block.timesteps = list(range(block.num_inference_steps))
        self.set_block_state(state, block)
        return components, state


@pytest.mark.parametrize(("given", "expected"), [(None, None), (7, 7)])
def test_a_modular_pipeline_takes_the_steps_from_the_block(
    pipe: StableDiffusionPipeline, folder: Path, given: int | None, expected: int | None
) -> None:
    """The block before set_timesteps writes the most that a prompt deserves, and keeps a number that was given."""
    predictor = BudgetPredictor.from_pretrained(folder).attached_to(pipe)
    blocks = SequentialPipelineBlocks.from_blocks_dict(
        {"budget": BudgetStep(predictor), "set_timesteps": _SetTimesteps()}
    )

    state = blocks.init_pipeline()(prompt=[PROMPT, "an empty white wall"], num_inference_steps=given)

    wanted = max(one.num_steps for one in predictor.predict([PROMPT, "an empty white wall"]))
    assert len(state.get("timesteps")) == (expected or wanted)


def test_the_core_does_not_need_the_hub() -> None:
    """A server without huggingface_hub can read budgets."""
    code = "import sys, budgetfusion.budgets; sys.exit('huggingface_hub' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
