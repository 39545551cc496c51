"""The error tree. Facts are attributes; `__str__` says what was found, what was expected, what to do.

The command line prints any of these as one line and exits with 1; any other exception is a bug and keeps its
traceback.
"""


class BudgetFusionError(Exception):
    """An expected failure with a remedy; the base of every package's own tree."""


class MissingExtraError(BudgetFusionError):
    """An optional part of the installation is needed and absent."""

    def __init__(self, module: str, extra: str) -> None:
        super().__init__(module, extra)
        self.module, self.extra = module, extra

    def __str__(self) -> str:
        return (
            f"Python package '{self.module}' is not installed, and this command needs it. "
            f"Run `make setup`, or `pip install -e '.[{self.extra}]'` in the clone."
        )


class FileContentError(BudgetFusionError):
    """A file exists but does not hold what it should."""

    def __init__(self, path: object, found: str, expected: str, remedy: str) -> None:
        super().__init__(path, found, expected, remedy)
        self.path, self.found, self.expected, self.remedy = path, found, expected, remedy

    def __str__(self) -> str:
        return f"{self.path}: found {self.found}, expected {self.expected}. {self.remedy}"


class ModelUnavailableError(BudgetFusionError):
    """A diffusion model could not be loaded from where it was said to be."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(model, reason)
        self.model, self.reason = model, reason

    def __str__(self) -> str:
        return (
            f"Model '{self.model}' cannot be loaded: {self.reason}. Expected 'scenes' or another name, a folder in "
            "diffusers' format, a .safetensors file, or the id of a model on the hub that this machine reaches; check "
            "the spelling and the connection."
        )


class DeviceUnavailableError(BudgetFusionError):
    """A device was asked for that this machine does not have."""

    def __init__(self, device: str) -> None:
        super().__init__(device)
        self.device = device

    def __str__(self) -> str:
        return f"Device '{self.device}' is not available: torch finds no GPU. Give --device cpu, or --device auto."


class PredictorMismatchError(BudgetFusionError):
    """A predictor was asked about a model that it was not measured on."""

    def __init__(self, model: str, model_digest: str, predictor: str, measured_on: str) -> None:
        super().__init__(model, model_digest, predictor, measured_on)
        self.model, self.model_digest = model, model_digest
        self.predictor, self.measured_on = predictor, measured_on

    def __str__(self) -> str:
        return (
            f"Predictor {self.predictor} was measured on model digest {self.measured_on[:12]}, but '{self.model}' "
            f"with these settings has {self.model_digest[:12]}. Run `budgetfusion measure` then `budgetfusion train` "
            "for this model, or give --steps N, or force one with --predictor FILE."
        )


class PredictorWidthError(BudgetFusionError):
    """A predictor hears text embeddings of another width than the model's."""

    def __init__(self, predictor: object, found: int, expected: int) -> None:
        super().__init__(predictor, found, expected)
        self.predictor, self.found, self.expected = predictor, found, expected

    def __str__(self) -> str:
        return (
            f"Predictor {self.predictor} hears text embeddings of {self.expected} numbers, found {self.found} in this "
            "model, so it cannot serve it. Run `budgetfusion measure` then `budgetfusion train`, or give --steps."
        )


class FileAccessError(BudgetFusionError):
    """A file or folder cannot be read or written."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. Check the path and who may read and write it."


class NoSpaceError(BudgetFusionError):
    """The disk that should hold a result is full."""

    def __init__(self, path: object) -> None:
        super().__init__(path)
        self.path = path

    def __str__(self) -> str:
        return (
            f"{self.path}: no space left on the disk. Nothing half-written was kept; free some space and run it again."
        )


class ObjectStoreError(BudgetFusionError):
    """An object store cannot be used, or does not answer."""

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(location, reason)
        self.location, self.reason = location, reason

    def __str__(self) -> str:
        return (
            f"{self.location}: the object store does not answer as it should ({self.reason}). Check the address and "
            "the connection, and run it again; what is stored is kept."
        )


class MetricNotFiniteError(BudgetFusionError):
    """An image was measured as no number at all."""

    def __init__(self, prompt: str, seed: int, num_steps: int, metric: str, value: float) -> None:
        super().__init__(prompt, seed, num_steps, metric, value)
        self.prompt, self.seed, self.num_steps = prompt, seed, num_steps
        self.metric, self.value = metric, value

    def __str__(self) -> str:
        return (
            f"Prompt '{self.prompt}' (seed {self.seed}, {self.num_steps} steps): found {self.metric} = {self.value}, "
            "expected a finite number. Try --dtype float32, or leave this prompt out and run it again; finished "
            "batches are kept."
        )


class WorkersUnavailableError(BudgetFusionError):
    """More workers were asked for than Ray has processors for."""

    def __init__(self, workers: int, found: int, kind: str) -> None:
        super().__init__(workers, found, kind)
        self.workers, self.found, self.kind = workers, found, kind

    def __str__(self) -> str:
        return (
            f"{self.workers} worker(s) need a {self.kind} each: found {self.found} in Ray, expected {self.workers}. "
            f"Give --workers {max(self.found, 1)}, or more machines."
        )
