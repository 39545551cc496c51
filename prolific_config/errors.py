"""Expected failures around Prolific. None of them ever repeats the token."""

from budgetfusion.errors import BudgetFusionError


class ProlificError(BudgetFusionError):
    """The base of everything that may be expected to fail around Prolific."""


class ProlificSettingError(ProlificError):
    """An environment variable or an option that leads to Prolific is absent or has no meaning."""

    def __init__(self, name: str, found: str, expected: str) -> None:
        super().__init__(name, found, expected)
        self.name, self.found, self.expected = name, found, expected

    def __str__(self) -> str:
        return f"{self.name}: found {self.found}, expected {self.expected}. Run `export {self.name}=...`."


class CodesError(ProlificError):
    """The completion codes do not fit the outcomes of a study."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return (
            f"Completion codes: found {self.found}, expected {self.expected}. "
            "Run `budgetfusion study codes NAME > codes.txt` and give that file."
        )


class PolicyError(ProlificError):
    """The study breaks a rule of Prolific that would stop it or hurt somebody."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return f"Refused by policy: {' '.join(self.faults)} Correct [prolific] in the study file; nothing was sent."


class MoneyError(ProlificError):
    """A text is not an amount of money, or two amounts are of different currencies."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"Amount: found {self.found}, expected {self.expected}. Write major units with two decimals, e.g. 3.60."


class NotConfirmedError(ProlificError):
    """What a person typed is not the amount that would be spent."""

    def __init__(self, typed: str, amount: str) -> None:
        super().__init__(typed, amount)
        self.typed, self.amount = typed, amount

    def __str__(self) -> str:
        return f"Found '{self.typed}' typed, expected {self.amount}. Nothing was spent; run the command again."


class TokenRefusedError(ProlificError):
    """Prolific does not know the token, or the token may not do this."""

    def __init__(self, operation: str, status: int) -> None:
        super().__init__(operation, status)
        self.operation, self.status = operation, status

    def __str__(self) -> str:
        return (
            f"Prolific refused the token for '{self.operation}' (HTTP {self.status}), expected one with rights to it. "
            "Make a token in the workspace's settings and put it into PROLIFIC_TOKEN."
        )


class RequestRefusedError(ProlificError):
    """Prolific refused a request and says why; nothing happened there."""

    def __init__(self, operation: str, status: int, reason: str) -> None:
        super().__init__(operation, status, reason)
        self.operation, self.status, self.reason = operation, status, reason

    def __str__(self) -> str:
        return (
            f"Prolific refused '{self.operation}' (HTTP {self.status}): {self.reason}. "
            "Correct that and run the command again; nothing was changed there."
        )


class NotThereError(ProlificError):
    """Prolific has no such thing."""

    def __init__(self, operation: str, path: str) -> None:
        super().__init__(operation, path)
        self.operation, self.path = operation, path

    def __str__(self) -> str:
        return (
            f"Prolific found nothing at {self.path} for '{self.operation}'. "
            "Check the id, and that the token belongs to its workspace."
        )


class ProlificBusyError(ProlificError):
    """Prolific asked to slow down more often than we waited; nothing happened there."""

    def __init__(self, operation: str, wait_s: float) -> None:
        super().__init__(operation, wait_s)
        self.operation, self.wait_s = operation, wait_s

    def __str__(self) -> str:
        return (
            f"Prolific is busy and did not take '{self.operation}' (HTTP 429). "
            "Nothing was changed there; wait a minute and run the command again."
        )


class ProlificAwayError(ProlificError):
    """Prolific does not answer, or answers with a fault of its own, and the request changed nothing."""

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(operation, reason)
        self.operation, self.reason = operation, reason

    def __str__(self) -> str:
        return f"Prolific did not answer '{self.operation}': {self.reason}. Check the connection and try again later."


class UnknownOutcomeError(ProlificError):
    """A request that must not be repeated broke off: it may have happened or not."""

    def __init__(self, operation: str, reason: str) -> None:
        super().__init__(operation, reason)
        self.operation, self.reason = operation, reason

    def __str__(self) -> str:
        return (
            f"'{self.operation}' broke off ({self.reason}): it may have happened or not; it is not repeated. "
            "Look at the study on Prolific before you do anything else."
        )


class AnswerError(ProlificError):
    """Prolific's answer lacks a field that is needed, or holds another kind of value."""

    def __init__(self, operation: str, field: str, reason: str) -> None:
        super().__init__(operation, field, reason)
        self.operation, self.field, self.reason = operation, field, reason

    def __str__(self) -> str:
        return (
            f"Prolific's answer to '{self.operation}': field '{self.field}': {self.reason}. "
            "Its interface has changed, or something between answers instead; update BudgetFusion."
        )


class NotDraftedError(ProlificError):
    """Prolific has no study of this name that we made."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"Study '{self.name}' is not on Prolific, expected its draft. Run `budgetfusion prolific draft` first."


class SeveralStudiesError(ProlificError):
    """More than one study on Prolific carries our name."""

    def __init__(self, name: str, ids: tuple[str, ...]) -> None:
        super().__init__(name, ids)
        self.name, self.ids = name, ids

    def __str__(self) -> str:
        return (
            f"Found {len(self.ids)} studies on Prolific for '{self.name}', expected one: {', '.join(self.ids)}. "
            "Give the right one with --study-id, or delete the other drafts there."
        )


class PublishedDiffersError(ProlificError):
    """The study file says something else than the study that was published, which can no longer change."""

    def __init__(self, name: str, keys: tuple[str, ...]) -> None:
        super().__init__(name, keys)
        self.name, self.keys = name, keys

    def __str__(self) -> str:
        return (
            f"Study '{self.name}' is published and differs from its file in: {', '.join(self.keys)}. "
            "Put the file back as it was, or make a study of another name; only places may grow."
        )


class PlacesError(ProlificError):
    """Fewer places are asked for than Prolific has given out already."""

    def __init__(self, name: str, found: int, published: int) -> None:
        super().__init__(name, found, published)
        self.name, self.found, self.published = name, found, published

    def __str__(self) -> str:
        return (
            f"Study '{self.name}': found {self.found} places in the file, expected at least the {self.published} "
            "that are published. Raise `places` in [prolific], or stop the study on Prolific."
        )


class CurrencyError(ProlificError):
    """The workspace pays in another currency than the study file says."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return (
            f"Found currency {self.found} in [prolific], expected the workspace's {self.expected}. "
            "Correct `currency` and `reward`; nothing was spent."
        )


class RejectionError(ProlificError):
    """A submission may not be rejected like this."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    def __str__(self) -> str:
        return (
            f"Not rejected: {' '.join(self.faults)} "
            "Approve the submission or ask for its return; whether its data are used is another decision."
        )


class BonusError(ProlificError):
    """A list of bonuses cannot be paid like this."""

    def __init__(self, where: str, found: str, expected: str) -> None:
        super().__init__(where, found, expected)
        self.where, self.found, self.expected = where, found, expected

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}, expected {self.expected}. Correct the list; nothing was paid."


class WebhookError(ProlificError):
    """A message that claims to be Prolific's is forged, stale or unreadable; it is not acted on."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return (
            f"Webhook refused: found {self.found}, expected {self.expected}. "
            "If it was Prolific's, check the secret and the clock; the reconciler will find what it said."
        )


class EntryTokenError(ProlificError):
    """The signed token of an arrival is absent, forged, stale or for somebody else."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(found, expected)
        self.found, self.expected = found, expected

    def __str__(self) -> str:
        return f"Entry refused: found {self.found}, expected {self.expected}. Open the study again from Prolific."
