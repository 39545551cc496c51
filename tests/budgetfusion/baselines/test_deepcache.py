"""The cache inside the engine: exact where it should be, and that of the package elsewhere."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from budgetfusion.baselines.deepcache import DeepCache
from budgetfusion.baselines.errors import DenoiserUnsupportedError
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.pipeline import Model
from budgetfusion.diffusion.rounds import compiled

PROMPTS = ["a red circle", "two boats on a lake", "a cat", "snow"]
BUDGETS = [7, 2, 5, 9]


def latents(pipe: Any, **options: Any) -> list[Any]:
    """Return the latents of four prompts with mixed steps."""
    return [picture.latents for picture in Engine(pipe, **options).run(PROMPTS, BUDGETS, seeds=[0, 1, 2, 3])]


def packaged(pipe: Any, prompt: str, seed: int, num_steps: int, interval: int, branch: int) -> Any:
    """Return the latents that the `DeepCache` package makes."""
    helper = pytest.importorskip("DeepCache").DeepCacheSDHelper(pipe=pipe)
    helper.set_params(cache_interval=interval, cache_branch_id=branch)
    helper.enable()
    generator = torch.Generator().manual_seed(seed)
    try:
        made = pipe(prompt, num_inference_steps=num_steps, generator=generator, output_type="latent").images
    finally:
        helper.disable()
    return made[0].numpy()


def difference(found: Any, expected: Any) -> float:
    """Return the largest difference, relative to the largest number."""
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def test_an_interval_of_one_is_stock_bit_for_bit(pipe: Any) -> None:
    """Every step is full, and a full step does the same operations in the same order as the UNet's own forward."""
    stock, cached = latents(pipe, static=True), latents(pipe, static=True, reuse=DeepCache(interval=1))

    assert all((a == b).all() for a, b in zip(stock, cached, strict=True))


@torch.inference_mode()
def test_a_full_step_is_the_forward_of_the_unet(pipe: Any) -> None:
    """Its prediction has the bits of diffusers' own."""
    unet, cache = pipe.unet, DeepCache()
    x, t = torch.randn(2, unet.config.in_channels, 16, 16), torch.tensor([999.0, 12.5])
    text = torch.randn(2, 7, unet.config.cross_attention_dim)
    kept = torch.empty(2, *cache.shape(unet, (unet.config.in_channels, 16, 16)))
    expected = unet(x, t, encoder_hidden_states=text, return_dict=False)[0]

    assert cache.denoiser(unet, kept, is_full=True)(x, t, encoder_hidden_states=text)[0].equal(expected)
    assert cache.denoiser(unet, kept, is_full=False)(x, t, encoder_hidden_states=text)[0].equal(expected)


@pytest.mark.parametrize("branch", [0, 1])
@pytest.mark.parametrize("interval", [2, 3, 5])
def test_images_are_those_of_the_package(pipe: Any, interval: int, branch: int) -> None:
    """With mixed steps in one batch, each image is what the package makes of it alone."""
    made = latents(pipe, slots=3, reuse=DeepCache(interval, branch))

    for seed, (prompt, steps) in enumerate(zip(PROMPTS, BUDGETS, strict=True)):
        assert difference(made[seed], packaged(pipe, prompt, seed, steps, interval, branch)) <= 1e-4


@pytest.mark.parametrize("branch", [3, 4, 8])
def test_deep_branches_are_those_of_the_package(with_unet: Callable[[str], Any], branch: int) -> None:
    """With two layers in each block, as in Stable Diffusion, branches have the package's numbers."""
    pipe = with_unet("like Stable Diffusion 2")
    made = latents(pipe, reuse=DeepCache(3, branch))

    assert difference(made[0], packaged(pipe, PROMPTS[0], 0, BUDGETS[0], 3, branch)) <= 1e-4


def test_the_embedded_model_is_cached_like_the_package(model: Model) -> None:
    """With trained weights too."""
    made = latents(model.pipe, reuse=DeepCache(3))

    for seed, (prompt, steps) in enumerate(zip(PROMPTS, BUDGETS, strict=True)):
        assert difference(made[seed], packaged(model.pipe, prompt, seed, steps, 3, 0)) <= 1e-4


def test_a_cache_approximates(model: Model) -> None:
    """The longer features are used again, the farther an image is from stock; used once, it is stock."""
    stock = latents(model.pipe)
    far = [difference(latents(model.pipe, reuse=DeepCache(interval))[3], stock[3]) for interval in (1, 2, 4)]

    assert far[0] == 0 < far[1] < far[2]


def test_neighbours_do_not_change_a_cached_image(with_unet: Callable[[str], Any]) -> None:
    """In a static batch an image has the same bits alone and in company: all are in the same phase of the cycle."""
    pipe = with_unet("plain")
    engine = Engine(pipe, slots=3, static=True, reuse=DeepCache())
    together = engine.run(PROMPTS, BUDGETS)
    alone = [engine.run([prompt], [steps])[0] for prompt, steps in zip(PROMPTS, BUDGETS, strict=True)]

    assert all((a.latents == b.latents).all() for a, b in zip(together, alone, strict=True))


def test_guided_and_unguided_images_do_not_share_features(with_unet: Callable[[str], Any]) -> None:
    """An image without guidance is the same whatever else the engine makes."""
    pipe = with_unet("plain")
    engine = Engine(pipe, reuse=DeepCache())
    alone = engine.run(PROMPTS, BUDGETS, guidance_scale=1.0)
    engine.run(PROMPTS, BUDGETS)

    assert difference(engine.run(PROMPTS, BUDGETS, guidance_scale=1.0)[0].latents, alone[0].latents) == 0


@pytest.mark.parametrize("is_full", [True, False])
@torch.inference_mode()
def test_a_cached_round_is_one_graph(with_unet: Callable[[str], Any], is_full: bool) -> None:
    """Full and shallow steps compile without a break, as a CUDA graph needs."""
    unet, cache = with_unet("scale and shift, text in the timestep").unet, DeepCache()
    x, t = torch.randn(2, unet.config.in_channels, 16, 16), torch.ones(2)
    text = torch.randn(2, 7, unet.config.cross_attention_dim)
    kept = torch.randn(2, *cache.shape(unet, (unet.config.in_channels, 16, 16)))
    denoise, found = cache.denoiser(unet, kept, is_full=is_full), torch.empty_like(x)
    expected = denoise(x, t, encoder_hidden_states=text, return_dict=False)[0]

    def step() -> None:
        found.copy_(denoise(x, t, encoder_hidden_states=text, return_dict=False)[0])

    compiled(step, backend="eager", mode=None)()

    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_a_cache_and_shared_first_steps_exclude_each_other(with_unet: Callable[[str], Any]) -> None:
    """A shared first evaluation would leave no features to use again."""
    with pytest.raises(ValueError, match="share and reuse cannot be combined"):
        Engine(with_unet("plain"), share=True, reuse=DeepCache())


def test_a_unet_that_cannot_be_cut_is_refused(with_unet: Callable[[str], Any]) -> None:
    """Other blocks, a branch deeper than the UNet, and sizes that cannot be halved are named."""
    unet = with_unet("plain").unet

    with pytest.raises(DenoiserUnsupportedError, match=r"found branch 4, expected one of 0\.\.3\. Leave this baseline"):
        DeepCache(branch=4).shape(unet, (6, 16, 16))
    with pytest.raises(DenoiserUnsupportedError, match="found latents of 15 x 16, expected multiples of 2"):
        DeepCache().shape(unet, (6, 15, 16))
    unet.mid_block = torch.nn.Identity()
    with pytest.raises(DenoiserUnsupportedError, match="found a Identity, expected DownBlock2D or"):
        DeepCache().shape(unet, (6, 16, 16))
