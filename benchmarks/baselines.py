"""Are the baselines what they should be, and do they cost what OURS costs? Numbers of images and operations, no times.

The embedded model on the CPU. OURS' budgets come from the shipped predictor for held-out captions.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from DeepCache import DeepCacheSDHelper
from numpy.typing import NDArray

from benchmarks.harness import Figure, main
from budgetfusion.baselines.deepcache import DeepCache
from budgetfusion.baselines.distrifusion import with_patches
from budgetfusion.baselines.exchange import InProcess
from budgetfusion.baselines.matching import TOLERANCE, match
from budgetfusion.baselines.methods import NAMES, baseline
from budgetfusion.config import GenerationConfig
from budgetfusion.cost import count_flops
from budgetfusion.diffusion.engine import Engine
from budgetfusion.diffusion.pipeline import Model, load
from budgetfusion.diffusion.plans import predicted
from budgetfusion.scenes import captions

PROMPTS, QUICK_PROMPTS = 72, 24
STEPS, IMAGES = 12, 12
PACKAGE, PLAIN = 1e-4, 1e-5


def measure(quick: bool) -> list[Figure]:
    """Match every baseline to OURS' total, and hold cache and patches against what they should equal."""
    model = load(GenerationConfig(), "cpu")
    prompts = captions.captions(held_out=True, each=12)[:: 1 if not quick else PROMPTS // QUICK_PROMPTS]
    shown = prompts[:IMAGES]
    plain, patches = _call(model.pipe, shown), _patches(model)
    waiting = [_far(_patched(model, shown, k, STEPS), plain) for k in patches]
    stale = [_each(_patched(model, shown, k, 2), plain) for k in patches]
    for k, errors in zip(patches, stale, strict=True):
        found = f"median {np.median(errors):.3g}, largest {errors.max():.3g}"
        print(f"DistriFusion, {k} patch(es), 2 of {STEPS} steps waiting, error of {len(errors)} images: {found}")
    growth = min(float(np.median(later) / np.median(before)) for before, later in pairwise(stale))
    return [
        Figure("largest deviation from OURS' total", _deviation(model, prompts), "", TOLERANCE, "<=", "equal", 0.0),
        Figure("DeepCache: ours - package", _cached(model, prompts[:4]), "", PACKAGE, "<=", "equal", 0.0),
        Figure("DistriFusion: one device - plain", float(stale[0].max()), "", PLAIN, "<=", "equal", 0.0),
        Figure("DistriFusion: always waiting - plain", max(waiting), "", PLAIN, "<=", "equal", 0.0),
        Figure("DistriFusion: median error of twice the patches / before", growth, "", 1.0, ">=", "no growth", 1.0),
    ]


def _deviation(model: Model, prompts: Sequence[str]) -> float:
    """Print every baseline's mixture, and return the largest deviation from the total."""
    ours = [plan.num_steps for plan in predicted(model, prompts)]
    flops = count_flops(model.pipe, model.height, model.width)
    target = sum(flops.image(n) for n in ours)
    print(f"OURS: {len(ours)} prompts, {np.mean(ours):.2f} steps on average, {target:.5g} TFLOP")
    deviations = []
    for name in NAMES:
        mixture = match(baseline(model, name).costs, target, len(ours), np.random.default_rng(0))
        print(f"{name}: {mixture}")
        deviations.append(abs(mixture.deviation))
    return max(deviations)


def _cached(model: Model, prompts: Sequence[str]) -> float:
    """Return the largest error of images in mixed company, where the package makes each alone."""
    steps = [STEPS - k for k in range(len(prompts))]
    ours = Engine(model.pipe, reuse=DeepCache()).run(prompts, steps)
    helper = DeepCacheSDHelper(pipe=model.pipe)
    helper.set_params(cache_interval=DeepCache().interval, cache_branch_id=DeepCache().branch)
    errors = []
    for picture, n in zip(ours, steps, strict=True):
        helper.enable()
        errors.append(_far(picture.latents, _call(model.pipe, [picture.job.prompt], n)[0]))
        helper.disable()
    return max(errors)


def _patches(model: Model) -> list[int]:
    """Return the numbers of patches into which the latents can be cut, up to 8."""
    rows = model.height // model.pipe.vae_scale_factor // 2**model.pipe.unet.num_upsamplers
    return [k for k in (1, 2, 4, 8) if rows % k == 0]


def _patched(model: Model, prompts: Sequence[str], patches: int, warm_up: int) -> NDArray[np.float32]:
    return _call(with_patches(model.pipe, InProcess(patches), warm_up), prompts)


def _call(pipe: Any, prompts: Sequence[str], num_steps: int = STEPS) -> NDArray[np.float32]:
    generators = [torch.Generator().manual_seed(0) for _ in prompts]
    made = pipe(list(prompts), num_inference_steps=num_steps, generator=generators, output_type="latent").images
    latents: NDArray[np.float32] = made.numpy()
    return latents


def _each(found: NDArray[np.float32], expected: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the error of each image, as `_far`."""
    return np.array([_far(one, other) for one, other in zip(found, expected, strict=True)])


def _far(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Return the root mean square of the difference, relative to that of what was expected."""
    return float(np.sqrt(np.square(found - expected).mean() / np.square(expected).mean()))


if __name__ == "__main__":
    main("baselines", measure)
