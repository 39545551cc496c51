"""A block for diffusers' modular pipelines that writes how many steps the prompt deserves."""

from typing import Any

from diffusers.modular_pipelines import ModularPipelineBlocks
from diffusers.modular_pipelines.modular_pipeline_utils import InputParam, OutputParam

from budgetfusion.predictor.hub import BudgetPredictor


class BudgetStep(ModularPipelineBlocks):
    """Writes `num_inference_steps` before the block that sets the timesteps reads it.

    Put it before `set_timesteps` in a `SequentialPipelineBlocks`. A batch gets the most that one of its prompts
    deserves, because a modular pipeline takes one number of steps for all.

    Args:
        predictor: Attached to a pipeline of the same weights and settings.
    """

    def __init__(self, predictor: BudgetPredictor) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # diffusers is partly typed
        self._predictor = predictor

    @property
    def description(self) -> str:
        """What the block does."""
        return "Predicts from the prompt alone how many denoising steps it deserves."

    @property
    def inputs(self) -> list[Any]:
        """The prompt, or prompts; a number of steps that is given is kept."""
        return [
            InputParam("prompt", required=True, description="one text, or a list of texts"),
            InputParam("num_inference_steps", description="kept if it is given"),
        ]

    @property
    def intermediate_outputs(self) -> list[Any]:
        """The number of steps."""
        return [OutputParam("num_inference_steps", type_hint=int, description="for the scheduler")]

    def __call__(self, components: Any, state: Any) -> tuple[Any, Any]:
        """Write the number of steps."""
        blocks: Any = self  # diffusers is partly typed
        block = blocks.get_block_state(state)
        if block.num_inference_steps is None:
            prompts = [block.prompt] if isinstance(block.prompt, str) else list(block.prompt)
            block.num_inference_steps = max(one.num_steps for one in self._predictor.predict(prompts))
        blocks.set_block_state(state, block)
        return components, state
