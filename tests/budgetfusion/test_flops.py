"""The closed form against the counter."""

import pytest
import torch
from diffusers import UNet2DConditionModel
from torch.utils.flop_counter import FlopCounterMode

from budgetfusion.cost import FlopCount, count_flops
from budgetfusion.diffusion import architectures
from budgetfusion.flops import decoder_flops, unet_flops

TFLOP_PER_ROW = {"sd1.5-512": 0.803, "sd2-768": 2.149, "sdxl-1024": 6.761}
TFLOP_DECODED = {"sd1.5-512": 2.51, "sd2-768": 5.75, "sdxl-1024": 10.47}


@pytest.fixture(scope="module", params=architectures.NAMES)
def name(request: pytest.FixtureRequest) -> str:
    """Each architecture that is shipped."""
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def counted(name: str) -> FlopCount:
    """Return what torch counts on the meta device."""
    config = architectures.read(name)
    return count_flops(architectures.empty(name), config["height"], config["width"])


def test_the_counter_and_the_closed_form_agree(name: str, counted: FlopCount) -> None:
    """Two independent counts of a step, of its attention and of decoding, within 0.1 %."""
    config = architectures.read(name)
    latents = (config["height"] // 8, config["width"] // 8)
    row = unet_flops(config["unet"], *latents, tokens=77)

    assert counted.step == pytest.approx(2 * row.total / 1e12, rel=1e-3)
    assert counted.step_attention == pytest.approx(2 * row.attention / 1e12, rel=1e-3)
    assert counted.decode == pytest.approx(decoder_flops(config["vae"], *latents).total / 1e12, rel=1e-3)


def test_the_published_architectures_cost_what_is_known(name: str, counted: FlopCount) -> None:
    """0.803, 2.149 and 6.761 TFLOP for one row; 4.298 for a step of Stable Diffusion 2 with guidance."""
    assert counted.step / 2 == pytest.approx(TFLOP_PER_ROW[name], rel=1e-3)
    assert counted.decode == pytest.approx(TFLOP_DECODED[name], rel=2e-3)


def test_the_papers_counter_left_attention_out() -> None:
    """Without it a step is 3.043 T; 22 and 129 of these are the paper's 67 and 394 T, within half a percent."""
    step = count_flops(architectures.empty("sd2-768"), 768, 768).step_without_attention

    assert step == pytest.approx(3.043, rel=1e-3)
    assert 22 * step == pytest.approx(67, rel=5e-3)
    assert 129 * step == pytest.approx(394, rel=5e-3)


def test_a_pooled_caption_is_counted() -> None:
    """Of a UNet that adds the text to the timestep, as DeepFloyd's does, the closed form is exact."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(
            sample_size=16,
            layers_per_block=1,
            block_out_channels=(32, 64),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            cross_attention_dim=64,
            attention_head_dim=4,
            norm_num_groups=8,
            resnet_time_scale_shift="scale_shift",
            addition_embed_type="text",
            addition_embed_type_num_heads=4,
        )
        with FlopCounterMode(display=False) as counter:
            unet(torch.empty(1, 4, 16, 16), torch.zeros(1), torch.empty(1, 40, 64))

    assert unet_flops(dict(unet.config), 16, 16, tokens=40).total == counter.get_total_flops()
