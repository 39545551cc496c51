"""Expected failures of the metrics."""

from budgetfusion.errors import BudgetFusionError


class EncoderUnavailableError(BudgetFusionError):
    """The weights of a network that the metrics look through could not be loaded."""

    def __init__(self, network: str, reason: str) -> None:
        super().__init__(network, reason)
        self.network, self.reason = network, reason

    def __str__(self) -> str:
        return (
            f"Network '{self.network}' cannot be loaded: {self.reason}. Expected its weights in this machine's cache, "
            "or a connection to where they lie; check the connection, or give --encoder scenes."
        )
