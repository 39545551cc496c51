"""The state of a pretended Prolific: studies, submissions, groups, bonuses, messages. It keeps Prolific's rules.

What it knows of money: fees are a third of the rewards and tax a fifth of the fees, in whole cents. These are not
Prolific's rates; nothing depends on them but that they come on top.
"""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

STATUSES = ("RESERVED", "ACTIVE", "TIMED-OUT", "AWAITING REVIEW", "APPROVED", "RETURNED", "REJECTED", "SCREENED OUT")
STUDY_STEPS = {
    ("UNPUBLISHED", "PUBLISH"): "ACTIVE",
    ("ACTIVE", "PAUSE"): "PAUSED",
    ("PAUSED", "START"): "ACTIVE",
    ("ACTIVE", "STOP"): "COMPLETED",
    ("PAUSED", "STOP"): "COMPLETED",
}
AFTER_PUBLISHING = {"internal_name", "total_available_places", "submissions_config"}
WORKSPACE = "5c1e0000000000000000b0b0"


class RefusalError(Exception):
    """Prolific says no."""

    def __init__(self, status: int, title: str, detail: Any = "") -> None:
        super().__init__(status, title, detail)
        self.status, self.title, self.detail = status, title, detail


@dataclass
class World:
    """Everything that Prolific remembers."""

    currency: str = "GBP"
    studies: dict[str, dict[str, Any]] = field(default_factory=dict)
    submissions: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    bonuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    paid: list[tuple[str, str, int]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    test_participants: list[str] = field(default_factory=list)
    subscriptions: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    secret: str = ""
    now: datetime = datetime(2026, 9, 1, 12, tzinfo=UTC)
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> str:
        """Return an id as Prolific's are: 24 hexadecimal digits."""
        return f"{0x65F0 << 80 | next(self._numbers):024x}"

    def create_study(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a draft."""
        codes = [code["code"] for code in body.get("completion_codes", [])]
        if len(set(codes)) != len(codes):
            raise RefusalError(400, "Validation error", {"completion_codes": ["Codes must be unique"]})
        study = {**body, "id": self.new_id(), "status": "UNPUBLISHED"}
        self.studies[study["id"]] = study
        return study

    def study(self, study_id: str) -> dict[str, Any]:
        """Return a study."""
        return _found(self.studies, study_id)

    def update_study(self, study_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Change a draft, or what may change after publishing."""
        study = self.study(study_id)
        if study["status"] != "UNPUBLISHED":
            fixed = sorted(set(body) - AFTER_PUBLISHING)
            if fixed:
                raise RefusalError(400, "Published studies cannot change", {name: ["Not editable"] for name in fixed})
            if body.get("total_available_places", 10**9) < study["total_available_places"]:
                raise RefusalError(400, "Places cannot be reduced", "Only increasing is allowed")
        study.update(body)
        return study

    def delete_study(self, study_id: str) -> None:
        """Remove a draft."""
        if self.study(study_id)["status"] != "UNPUBLISHED":
            raise RefusalError(400, "Published studies cannot be deleted")
        del self.studies[study_id]

    def transition_study(self, study_id: str, action: str) -> dict[str, Any]:
        """Move a study on."""
        study = self.study(study_id)
        step = STUDY_STEPS.get((study["status"], action))
        if step is None:
            raise RefusalError(400, "Action not allowed", f"{action} from {study['status']}")
        study["status"] = step
        return study

    def test_study(self, study_id: str) -> dict[str, Any]:
        """Copy a draft for the test participants."""
        if not self.test_participants:
            raise RefusalError(400, "No test participant", "Create one first")
        if self.study(study_id)["status"] != "UNPUBLISHED":
            raise RefusalError(400, "Not a draft")
        copy = {**self.study(study_id), "id": self.new_id(), "status": "ACTIVE", "internal_name": "a test copy"}
        self.studies[copy["id"]] = copy
        return {"study_id": copy["id"], "study_url": f"https://app.prolific.com/studies/{copy['id']}"}

    def cost(self, study_id: str, *, is_projected: bool) -> dict[str, Any]:
        """Return what a study costs in all, or has cost."""
        study = self.study(study_id)
        done = [s for s in self.submissions.values() if s["study_id"] == study_id and s["status"] == "APPROVED"]
        count = study["total_available_places"] if is_projected else len(done)
        bonuses = 0 if is_projected else sum(cents for _, paid_study, cents in self.paid if paid_study == study_id)
        return {"rewards": self._part(study["reward"] * count), "bonuses": self._part(bonuses)}

    def total(self, rewards: int) -> int:
        """Return rewards with fees and tax, cents."""
        return sum(_shares(rewards))

    def arrive(self, study_id: str, status: str = "ACTIVE", minutes: float = 0.0, code: str | None = None) -> str:
        """Let somebody take part; return the submission's id.

        Args:
            study_id: Of an active study.
            status: That the submission is in.
            minutes: That it took, if it is over.
            code: That the person came back with.
        """
        self.now += timedelta(seconds=1)
        is_over = status not in ("RESERVED", "ACTIVE")
        submission = {
            "id": self.new_id(),
            "participant": self.new_id(),
            "study_id": study_id,
            "status": status,
            "started_at": self.now.isoformat(),
            "completed_at": (self.now + timedelta(minutes=minutes)).isoformat() if is_over else None,
            "entered_code": code,
            "bonus_payments": [],
            "return_requested": None,
        }
        self.submissions[submission["id"]] = submission
        self._happened(submission)
        return str(submission["id"])

    def move(self, submission_id: str, status: str, code: str | None = None) -> None:
        """Let something happen to a submission that Prolific decides: an end, a return, a time-out."""
        self.now += timedelta(seconds=1)
        submission = self.submission(submission_id)
        submission["status"] = status
        submission["entered_code"] = code or submission["entered_code"]
        if status not in ("RESERVED", "ACTIVE"):
            submission["completed_at"] = self.now.isoformat()
        self._happened(submission)

    def submission(self, submission_id: str) -> dict[str, Any]:
        """Return a submission."""
        return _found(self.submissions, submission_id)

    def approve(self, submission_ids: list[str]) -> None:
        """Approve those who wait for review."""
        for submission_id in submission_ids:
            submission = self.submission(submission_id)
            if submission["status"] not in ("AWAITING REVIEW", "APPROVED"):
                raise RefusalError(400, "Not awaiting review", submission["status"])
            submission["status"] = "APPROVED"
            self._happened(submission)

    def transition_submission(self, submission_id: str, body: dict[str, Any]) -> dict[str, Any]:
        """Approve or reject one; the same again changes nothing."""
        submission = self.submission(submission_id)
        wanted = {"APPROVE": "APPROVED", "REJECT": "REJECTED"}.get(body["action"])
        if wanted is None:
            raise RefusalError(400, "Action not allowed", body["action"])
        if submission["status"] == wanted:
            return submission
        if submission["status"] != "AWAITING REVIEW":
            raise RefusalError(400, "Not awaiting review", submission["status"])
        if wanted == "REJECTED" and (len(body.get("message", "")) < 100 or "rejection_category" not in body):
            raise RefusalError(400, "A rejection needs a category and a message of 100 characters")
        submission["status"] = wanted
        self._happened(submission)
        return submission

    def request_return(self, submission_id: str) -> dict[str, Any]:
        """Ask for a return."""
        submission = self.submission(submission_id)
        submission["return_requested"] = self.now.isoformat()
        return submission

    def set_up_bonuses(self, study_id: str, csv: str) -> dict[str, Any]:
        """Set up bonuses; amounts are major units."""
        self.study(study_id)
        rows = [line.split(",") for line in csv.strip().splitlines()]
        wrong = [row[0] for row in rows if row[0] not in self.submissions]
        if wrong:
            raise RefusalError(400, "Unknown ids", wrong)
        cents = [(key, int(Decimal(amount) * 100)) for key, amount in rows]
        amount, fees, vat = _shares(sum(value for _, value in cents))
        batch = {"id": self.new_id(), "study": study_id, "amount": amount, "fees": fees, "vat": vat}
        self.bonuses[batch["id"]] = {**batch, "rows": cents}
        return {**batch, "total_amount": amount + fees + vat}

    def pay(self, batch_id: str) -> None:
        """Pay a batch. Not idempotent: the second time pays again, as Prolific says of itself."""
        batch = _found(self.bonuses, batch_id)
        for submission_id, cents in batch["rows"]:
            self.submissions[submission_id]["bonus_payments"].append(cents)
            self.paid.append((submission_id, batch["study"], cents))

    def _happened(self, submission: dict[str, Any]) -> None:
        payload = {
            "resource_id": submission["id"],
            "event_type": "submission.status.change",
            "participant_id": submission["participant"],
            "status": submission["status"],
        }
        self.now += timedelta(milliseconds=1)
        self.events.append({"id": self.new_id(), "happened_at": self.now.timestamp(), "payload": payload})

    def _part(self, rewards: int) -> dict[str, Any]:
        names = ("rewards", "fees", "tax")
        amounts = zip(names, _shares(int(rewards)), strict=True)
        return {name: {"amount": amount, "currency": self.currency} for name, amount in amounts}


def _shares(rewards: int) -> tuple[int, int, int]:
    fees = rewards // 3
    return rewards, fees, fees // 5


def _found(things: dict[str, dict[str, Any]], key: str) -> dict[str, Any]:
    if key not in things:
        raise RefusalError(404, "Not found", key)
    return things[key]
