"""What the slot engine refuses, and what can go wrong with one of its jobs."""

from budgetfusion.errors import BudgetFusionError


class SchedulerUnsupportedError(BudgetFusionError):
    """A scheduler's step is no fixed sum of latents, model output and noise."""

    def __init__(self, scheduler: str, reason: str) -> None:
        super().__init__(scheduler, reason)
        self.scheduler, self.reason = scheduler, reason

    def __str__(self) -> str:
        return (
            f"Scheduler {self.scheduler} cannot run in slots: {self.reason}. Expected Euler, Euler-ancestral, DDIM "
            "without clipping, or flow-matching Euler; set pipe.scheduler to one of them, or call the pipeline itself."
        )


class PipelineUnsupportedError(BudgetFusionError):
    """A pipeline's denoiser wants more than the denoisers of its kind are given."""

    def __init__(self, pipeline: str, reason: str) -> None:
        super().__init__(pipeline, reason)
        self.pipeline, self.reason = pipeline, reason

    def __str__(self) -> str:
        return (
            f"Pipeline {self.pipeline} cannot run in slots: {self.reason}. Expected one like StableDiffusionPipeline, "
            "StableDiffusionXLPipeline, StableDiffusion3Pipeline or FluxPipeline. Call the pipeline itself."
        )


class SchedulerMismatchError(BudgetFusionError):
    """A pipeline runs another scheduler than the one that predictors are measured on."""

    def __init__(self, found: str, expected: str = "EulerDiscreteScheduler") -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        is_flow = self.expected.startswith("Flow")
        spacing, more = ("", "") if is_flow else (" with linspace spacing", ', timestep_spacing="linspace"')
        return (
            f"Pipeline's scheduler: found {self.found}, expected {self.expected}{spacing}, on which the predictor was "
            f"measured. Set pipe.scheduler = {self.expected}.from_config(pipe.scheduler.config{more})."
        )


class JobInvalidError(BudgetFusionError):
    """A job asks for something that cannot be made."""

    def __init__(self, prompt: object, field: str, found: object, expected: str) -> None:
        super().__init__(prompt, field, found, expected)
        self.prompt, self.field, self.found, self.expected = prompt, field, found, expected

    def __str__(self) -> str:
        return f"Job '{self.prompt}': found {self.field} {self.found!r}, expected {self.expected}. Correct this job."


class SizeMismatchError(BudgetFusionError):
    """A job's image has another size than its engine's."""

    def __init__(self, prompt: str, found: tuple[int, int], expected: tuple[int, int]) -> None:
        super().__init__(prompt, found, expected)
        self.prompt, self.found, self.expected = prompt, found, expected

    def __str__(self) -> str:
        (width, height), (own_width, own_height) = self.found, self.expected
        return (
            f"Job '{self.prompt}': found {width} x {height} pixels, expected this engine's {own_width} x {own_height}. "
            "All images of one engine have one size; make another engine for this one."
        )


class SizeUnevenError(BudgetFusionError):
    """An image's size is no whole number of latents, or of the patches that a transformer takes them in."""

    def __init__(self, width: int, height: int, multiple: int) -> None:
        super().__init__(width, height, multiple)
        self.width, self.height, self.multiple = width, height, multiple

    def __str__(self) -> str:
        width, height = (max(1, round(length / self.multiple)) * self.multiple for length in (self.width, self.height))
        return (
            f"Size of the images: found {self.width} x {self.height} pixels, expected multiples of {self.multiple} "
            f"for this model. Give width = {width} and height = {height}."
        )


class LatentsNotFiniteError(BudgetFusionError):
    """An image's latents became NaN or infinite."""

    def __init__(self, prompt: str, seed: int, num_steps: int, dtype: str) -> None:
        super().__init__(prompt, seed, num_steps, dtype)
        self.prompt, self.seed, self.num_steps, self.dtype = prompt, seed, num_steps, dtype

    def __str__(self) -> str:
        return (
            f"Job '{self.prompt}' (seed {self.seed}, {self.num_steps} steps): found latents that are NaN or infinite, "
            f"expected finite numbers from a denoiser in {self.dtype}. Try --dtype float32, or a lower --guidance."
        )


class MemoryExhaustedError(BudgetFusionError):
    """Not even one image fits into the memory of the device."""

    def __init__(self, device: str, width: int, height: int) -> None:
        super().__init__(device, width, height)
        self.device, self.width, self.height = device, width, height

    def __str__(self) -> str:
        return (
            f"Device {self.device}: out of memory with a single image of {self.width} x {self.height} pixels. "
            "Free some memory, or give --dtype bfloat16 or a smaller size."
        )


class QueueFullError(BudgetFusionError):
    """The engine has as many jobs waiting as it takes."""

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting

    def __str__(self) -> str:
        return (
            f"The engine's queue is full: found {self.waiting} jobs waiting, expected a free place in time. "
            "Submit later, wait longer, or raise max_waiting."
        )


class EngineClosedError(BudgetFusionError):
    """A job was handed to an engine that takes no more."""

    def __str__(self) -> str:
        return "The engine is closed: found a new job, expected none. Make another engine."


class BudgetTooSmallError(BudgetFusionError):
    """A budget in TFLOP does not pay for the fewest steps of each image."""

    def __init__(self, budget_tflop: float, least_tflop: float, images: int, fewest: int = 1) -> None:
        super().__init__(budget_tflop, least_tflop, images, fewest)
        self.budget_tflop, self.least_tflop, self.images = budget_tflop, least_tflop, images
        self.fewest = fewest

    def __str__(self) -> str:
        return (
            f"Budget of {self.budget_tflop:.4g} TFLOP: {self.images} image(s) of {self.fewest} step(s) need "
            f"{self.least_tflop:.4g}, "
            "text and decoding included. Give at least that, or fewer prompts."
        )
