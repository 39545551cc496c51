"""What a baseline cannot do."""

from budgetfusion.errors import BudgetFusionError


class BudgetUnmatchedError(BudgetFusionError):
    """No mixture of adjacent step counts comes close enough to a budget."""

    def __init__(self, target_tflop: float, found_tflop: float, images: int) -> None:
        super().__init__(target_tflop, found_tflop, images)
        self.target_tflop, self.found_tflop, self.images = target_tflop, found_tflop, images

    def __str__(self) -> str:
        return (
            f"Budget of {self.target_tflop:.4g} TFLOP for {self.images} image(s): found {self.found_tflop:.4g} as "
            "the nearest mixture of adjacent step counts, expected one within 0.5 %. Give more prompts, or more steps."
        )


class DenoiserUnsupportedError(BudgetFusionError):
    """A baseline takes a UNet apart and does not know one of its parts."""

    def __init__(self, baseline: str, found: str, expected: str) -> None:
        super().__init__(baseline, found, expected)
        self.baseline, self.found, self.expected = baseline, found, expected

    def __str__(self) -> str:
        return (
            f"{self.baseline} cannot run on this UNet: found {self.found}, expected {self.expected}. Leave this "
            "baseline out, or give a model like Stable Diffusion's."
        )


class PatchesUnevenError(BudgetFusionError):
    """An image cannot be cut into so many patches."""

    def __init__(self, patches: int, height: int, multiple: int) -> None:
        super().__init__(patches, height, multiple)
        self.patches, self.height, self.multiple = patches, height, multiple

    def __str__(self) -> str:
        return (
            f"DistriFusion with {self.patches} patches: found latents of {self.height} rows, expected a multiple of "
            f"{self.multiple}, so that every resolution of the UNet cuts evenly. Take fewer patches, or a taller image."
        )
