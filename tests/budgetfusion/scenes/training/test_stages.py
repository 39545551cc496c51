"""The whole training at the size of a smoke test, and what an interruption costs: nothing."""

import json
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file

from budgetfusion.scenes.training import __main__ as command
from budgetfusion.scenes.training.errors import ScenesTrainingError
from budgetfusion.scenes.training.folder import TrainingFolder
from budgetfusion.scenes.training.settings import FULL, SMOKE, STAGE_NAMES
from budgetfusion.scenes.training.shards import Loss
from budgetfusion.scenes.training.stages import STAGES, run_stages
from budgetfusion.scenes.training.trainer import Trainer
from budgetfusion.scenes.training.unet import Denoising

CPU = torch.device("cpu")
TRAINED = ("vae", "decoder", "text", "unet", "clip", "attributes", "midlevel")

# Raised within the libraries when a loaded pipeline makes an image.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.usefixtures("one_thread"),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> TrainingFolder:
    """A folder that the smoke test has filled, without interruption."""
    folder = TrainingFolder(tmp_path_factory.mktemp("trained"))
    run_stages(folder, SMOKE, CPU)
    return folder


@pytest.fixture
def unfinished(trained: TrainingFolder, tmp_path: Path) -> Callable[[str], TrainingFolder]:
    """Makes a copy of the filled folder in which one stage has not begun."""

    def copy_without(stage: str) -> TrainingFolder:
        shutil.copytree(trained.path, tmp_path / "copy")
        shutil.rmtree(tmp_path / "copy" / "stages" / stage)
        return TrainingFolder(tmp_path / "copy")

    return copy_without


def test_the_stages_are_those_that_the_command_names() -> None:
    """The command line knows the names without importing the stages."""
    assert tuple(STAGES) == STAGE_NAMES


def test_the_smoke_test_makes_a_pipeline_that_draws(trained: TrainingFolder) -> None:
    """A folder in diffusers' format, in half precision, with the sheet beside it and no checkpoint left."""
    pipe = StableDiffusionPipeline.from_pretrained(trained.path / "pipeline").to(torch.float32)
    pipe.set_progress_bar_config(disable=True)
    image = pipe("a red ball on a green field", num_inference_steps=2).images[0]

    assert image.size == (64, 64)
    assert (trained.path / "sheet.png").exists()
    assert list((trained.path / "checkpoints").iterdir()) == []
    for part in ("pipeline/unet/diffusion_pytorch_model", "pipeline/text_encoder/model", "clip/model"):
        assert {tensor.dtype for tensor in load_file(trained.path / f"{part}.safetensors").values()} == {torch.float16}


def test_the_weights_name_no_machine(trained: TrainingFolder) -> None:
    """No configuration holds the folder that it was made in."""
    files = [file for part in ("pipeline", "clip") for file in (trained.path / part).rglob("*.json")]

    assert [file for file in files if str(trained.path) in file.read_text(encoding="utf-8")] == []


@pytest.mark.parametrize("stage", TRAINED)
def test_losses_fall(trained: TrainingFolder, stage: str) -> None:
    """Even a smoke test learns: the last quarter of the losses is below the first."""
    losses = json.loads((trained.result(stage) / "losses.json").read_text(encoding="utf-8"))
    quarter = len(losses) // 4

    assert sum(losses[-quarter:]) < sum(losses[:quarter])


def test_a_training_can_start_from_a_pipeline(trained: TrainingFolder, tmp_path: Path) -> None:
    """It keeps that pipeline's autoencoder, and its denoiser begins with the pipeline's weights, not with chance."""
    settings = replace(SMOKE, start=str(trained.path / "pipeline"))
    folder = TrainingFolder(tmp_path / "next")
    shutil.copytree(trained.path / "stages", folder.path / "stages", ignore=shutil.ignore_patterns("vae", "unet"))
    figures = STAGES["vae"](folder, settings, CPU)
    begun = Denoising(folder, settings.unet, CPU, settings.start).unet

    assert figures["latent_channels"] == begun.config.in_channels
    kept, own = (
        _weight(path / "vae", "encoder.conv_in.weight") for path in (folder.path / "stages", trained.path / "pipeline")
    )
    assert torch.equal(kept, own.float())
    assert torch.equal(begun.conv_in.weight.half(), _weight(trained.path / "pipeline" / "unet", "conv_in.weight"))


def test_finished_stages_are_skipped(trained: TrainingFolder) -> None:
    """The same command again only says so."""
    lines: list[str] = []
    run_stages(trained, SMOKE, CPU, ("unet", "vae"), report=lines.append)

    assert lines == ["vae: finished before", "unet: finished before"]


@pytest.mark.parametrize("stage", TRAINED)
def test_an_interrupted_stage_continues_as_if_it_had_not_been(
    stage: str, trained: TrainingFolder, unfinished: Callable[[str], TrainingFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C leaves a checkpoint; resumed, the stage has the losses and the weights of an uninterrupted one."""
    folder = unfinished(stage)
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "advance", _disturbed(11, lambda: signal.raise_signal(signal.SIGINT)))
        with pytest.raises(KeyboardInterrupt):
            STAGES[stage](folder, SMOKE, CPU)

    assert torch.load(folder.checkpoint(stage), weights_only=True)["trainer"]["step"] == 11
    STAGES[stage](folder, SMOKE, CPU)
    _assert_same(folder.result(stage), trained.result(stage))


def test_a_killed_stage_continues_from_its_last_checkpoint(
    trained: TrainingFolder, unfinished: Callable[[str], TrainingFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps since the checkpoint are taken again, with the same chance."""
    folder = unfinished("clip")
    save = Trainer.save
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "save", lambda trainer, path: save(trainer, path) if trainer.step % 6 == 0 else None)
        patch.setattr(Trainer, "advance", _disturbed(17, _killed))
        with pytest.raises(MemoryError):
            STAGES["clip"](folder, replace(SMOKE, checkpoint_minutes=0), CPU)

    assert torch.load(folder.checkpoint("clip"), weights_only=True)["trainer"]["step"] == 12
    STAGES["clip"](folder, SMOKE, CPU)
    _assert_same(folder.result("clip"), trained.result("clip"))


def test_a_folder_begun_with_other_settings_is_refused(trained: TrainingFolder) -> None:
    """Two schedules do not mix."""
    with pytest.raises(ScenesTrainingError, match="was begun with other settings, expected 'full'"):
        run_stages(trained, FULL, CPU)


def test_the_command_says_in_one_line_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stage without the one before it; a folder within the package."""
    runner = CliRunner()
    early = runner.invoke(command.train, ["--out", str(tmp_path / "new"), "--smoke", "--stages", "clip"])
    inside = runner.invoke(command.train, ["--out", str(Path(command.__file__).parent / "out"), "--smoke"])

    assert "stage 'tokenizer' is not finished, expected its result. Run it first" in str(early.exception)
    assert "lies inside the package budgetfusion, expected a folder outside of it" in str(inside.exception)
    assert not (Path(command.__file__).parent / "out").exists()


def test_the_command_refuses_a_stage_that_is_none(tmp_path: Path) -> None:
    """And names those that there are."""
    result = CliRunner().invoke(command.train, ["--out", str(tmp_path), "--stages", "vae,gan"])

    assert result.exit_code == 2
    assert f"'gan' is no stage; there are {', '.join(STAGE_NAMES)}." in result.output


def _disturbed(step: int, disturb: Callable[[], None]) -> Callable[..., None]:
    """Return `Trainer.advance` with something happening within one of the steps."""
    advance = Trainer.advance

    def disturbed(trainer: Trainer, *losses: Loss) -> None:
        if trainer.step == step - 1:
            disturb()
        advance(trainer, *losses)

    return disturbed


def _killed() -> None:
    raise MemoryError


def _assert_same(found: Path, expected: Path) -> None:
    files = sorted(file.relative_to(expected) for file in expected.rglob("*") if file.is_file())

    assert [file for file in files if file.suffix == ".safetensors"] != []
    for file in files:
        if file.suffix == ".safetensors":
            torch.testing.assert_close(load_file(found / file), load_file(expected / file), rtol=0, atol=0)
        elif file.name == "losses.json":
            assert (found / file).read_text() == (expected / file).read_text()


def _weight(part: Path, name: str) -> torch.Tensor:
    return load_file(part / "diffusion_pytorch_model.safetensors")[name]
