"""What a study costs, with Prolific's fees and tax shown beside what participants get."""

from dataclasses import dataclass

from prolific_config.errors import CurrencyError
from prolific_config.models import StudyCost
from prolific_config.money import Currency, Money


@dataclass(frozen=True)
class Cost:
    """The parts of a cost, in one currency."""

    rewards: Money
    fees: Money
    tax: Money

    @property
    def total(self) -> Money:
        """All of it."""
        return self.rewards + self.fees + self.tax

    def __str__(self) -> str:
        return f"{self.rewards} to participants + {self.fees} fees + {self.tax} tax = {self.total}"


def cost_of(found: StudyCost, currency: Currency) -> Cost:
    """Return Prolific's answer as a cost.

    Args:
        found: Rewards, and bonuses if there are any.
        currency: That the study file speaks of.

    Raises:
        CurrencyError: If the workspace pays in another.
    """
    parts = [found.rewards, *([found.bonuses] if found.bonuses else [])]
    theirs = {amount.currency for part in parts for amount in (part.rewards, part.fees, part.tax)}
    if theirs != {currency}:
        raise CurrencyError(currency, ", ".join(sorted(theirs)))
    sums = {
        name: sum((getattr(part, name).money for part in parts), start=Money(0, currency))
        for name in ("rewards", "fees", "tax")
    }
    return Cost(**sums)
