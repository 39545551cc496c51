"""Models other than the embedded one: real architectures with random weights, from a folder."""

from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from budgetfusion import scenes
from budgetfusion.cli import cli
from budgetfusion.config import GenerationConfig
from budgetfusion.diffusion.pipeline import generate, load
from budgetfusion.diffusion.text import encode_text
from budgetfusion.errors import PredictorMismatchError, PredictorWidthError
from budgetfusion.predictor.shipped import predictor_for


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small Stable Diffusion 2 (v-prediction, two resolutions, 8x autoencoder)."""
    torch.manual_seed(0)
    tokenizer = CLIPTokenizer.from_pretrained(scenes.PIPELINE / "tokenizer")
    text = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=tokenizer.model_max_length,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    unet = UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=(2, 4),
        use_linear_projection=True,
    )
    vae = AutoencoderKL(
        block_out_channels=(32, 32, 32, 32),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
    )
    pipe = StableDiffusionPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text),
        tokenizer=tokenizer,
        unet=unet,
        scheduler=EulerDiscreteScheduler(prediction_type="v_prediction", timestep_spacing="leading", steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    out = tmp_path_factory.mktemp("model")
    pipe.save_pretrained(out)
    return out


def test_a_model_from_a_folder_makes_images_of_its_own_size(folder: Path) -> None:
    """Width and height follow the model, and the spacing is ours whatever the folder says."""
    model = load(GenerationConfig(model=str(folder)), "cpu")

    assert generate(model, ["a cat"], [0], 2).shape == (1, model.height, model.width, 3) == (1, 64, 64, 3)
    assert model.pipe.scheduler.config.timestep_spacing == "linspace"
    assert model.revision != scenes.NAME


def test_its_text_encoder_has_its_own_width(folder: Path) -> None:
    """A predictor of this model would hear 32 numbers."""
    model = load(GenerationConfig(model=str(folder)), "cpu", text_only=True)

    assert encode_text(model.pipe, ["a cat"]).shape == (1, 32)


def test_it_is_generated_with_a_number_of_steps(folder: Path, tmp_path: Path) -> None:
    """--steps N needs no predictor, and the embedded model's vocabulary is not held against it."""
    done = CliRunner().invoke(
        cli, ["generate", "a zebra", "--model", str(folder), "--steps", "2", "--out", str(tmp_path / "z.png")]
    )

    assert done.exit_code == 0, done.output
    assert "zebra" not in done.stderr
    with Image.open(tmp_path / "z.png") as image:
        assert image.size == (64, 64)


def test_a_predictor_of_another_width_cannot_be_forced_on_it(folder: Path) -> None:
    """There is nothing to guess from: it would hear other numbers than it was taught."""
    model = load(GenerationConfig(model=str(folder)), "cpu", text_only=True)

    with pytest.raises(PredictorWidthError, match="hears text embeddings of 128 numbers, found 32"):
        predictor_for(model, scenes.PREDICTOR)


def test_without_a_predictor_of_its_own_it_is_refused(folder: Path, tmp_path: Path) -> None:
    """The shipped predictor never guesses about it."""
    done = CliRunner().invoke(cli, ["generate", "a zebra", "--model", str(folder), "--out", str(tmp_path / "z.png")])

    assert isinstance(done.exception, PredictorMismatchError)
    assert not (tmp_path / "z.png").exists()
