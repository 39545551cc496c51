"""Completion codes: what each outcome of our study means on Prolific, and what Prolific does then.

Nothing is approved or rejected automatically. Nobody is rejected for being screened out, for coming too late, or for
leaving: they are reviewed by a person, or asked to return where no work was done (Prolific's researcher help).
"""

from collections.abc import Mapping
from pathlib import Path

from prolific_config.errors import CodesError
from prolific_config.models import Action, CompletionCode
from prolific_config.money import money
from prolific_config.table import ProlificTable

COMPLETED = "completed"

CODE_TYPES = {
    COMPLETED: "COMPLETED",
    "no_consent": "NO_CONSENT",
    "screened_out": "SCREENED_OUT",
    "failed_checks": "FAILED_ATTENTION_CHECK",
    "device": "INCOMPATIBLE_DEVICE",
    "overfull": "OTHER",
    "withdrawn": "OTHER",
    "technical": "OTHER",
}
"""Prolific's word for each outcome that the server gives a code for."""

RETURN_REASONS = {
    "no_consent": "You did not agree to take part, so there is nothing to review. Please return your submission.",
    "device": "The study cannot be shown on this device. Please return your submission.",
}
"""Outcomes that cost a person less than a minute; they are asked to return."""


def completion_codes(codes: Mapping[str, str], table: ProlificTable) -> tuple[CompletionCode, ...]:
    """Return what Prolific is told about the codes of a study.

    Args:
        codes: The code of each outcome.
        table: `[prolific]`.

    Raises:
        CodesError: If an outcome has no code, or two have the same.
    """
    missing, unknown = sorted(set(CODE_TYPES) - set(codes)), sorted(set(codes) - set(CODE_TYPES))
    if missing or unknown:
        raise CodesError(f"missing {missing} and unknown {unknown}", f"one for each of {list(CODE_TYPES)}")
    if len(set(codes.values())) != len(codes):
        raise CodesError("a code that stands for two outcomes", "a different code for each outcome")
    return tuple(_completion_code(outcome, codes[outcome], table) for outcome in CODE_TYPES)


def read_codes(path: Path) -> dict[str, str]:
    """Read the outcome and the code on each line, as `budgetfusion study codes` prints them.

    Raises:
        CodesError: If a line has another form.
    """
    lines = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    wrong = [line for line in lines if len(line) != 2]
    if wrong:
        raise CodesError(f"'{' '.join(wrong[0])}' in {path}", "an outcome and its code on each line")
    return {outcome: code for outcome, code in lines}


def _completion_code(outcome: str, code: str, table: ProlificTable) -> CompletionCode:
    code_type = CODE_TYPES[outcome]
    if outcome == "screened_out" and table.screen_out_reward is not None:
        code_type = "FIXED_SCREENOUT"
    return CompletionCode(code=code, code_type=code_type, actions=_actions(outcome, table))


def _actions(outcome: str, table: ProlificTable) -> tuple[Action, ...]:
    if outcome in RETURN_REASONS:
        return (Action(action="REQUEST_RETURN", return_reason=RETURN_REASONS[outcome]),)
    if outcome == "screened_out" and table.screen_out_reward is not None:
        cents = money(table.screen_out_reward, table.currency).cents
        pays = Action(action="FIXED_SCREEN_OUT_PAYMENT", fixed_screen_out_reward=cents, slots=table.screen_out_slots)
        return (pays,)
    review = Action(action="MANUALLY_REVIEW")
    if outcome == COMPLETED and table.add_to_group:
        return review, Action(action="ADD_TO_PARTICIPANT_GROUP", participant_group=table.add_to_group)
    return (review,)
