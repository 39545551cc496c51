"""Prolific's interface, typed and stateless: one method for each thing that we do there.

Source: Prolific's OpenAPI description; the tests validate every request of these methods against it. Whether a request
may be sent twice stands beside it: `pay_bonuses` never is.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from prolific_config.bonuses import Bonus, as_csv
from prolific_config.connection import Connection, parse
from prolific_config.models import (
    BonusBatch,
    CalculatedCost,
    Counts,
    Draft,
    Study,
    StudyAction,
    StudyCost,
    StudyEntry,
    Submission,
    SubmissionDetail,
    TestParticipant,
    TestStudy,
)
from prolific_config.money import Money
from prolific_config.rejection import Rejection

API = "/api/v1"
MOST_APPROVALS = 1000


class Client:
    """What we can ask of Prolific, over one connection.

    Every method raises what `Connection.call` raises, and `AnswerError` where the answer is not as described.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    # Studies

    def studies(self) -> Iterator[StudyEntry]:
        """Yield every study of the account."""
        return self.connection.pages("list studies", f"{API}/studies/", {}, StudyEntry)

    def study(self, study_id: str) -> Study:
        """Return a study."""
        answer = self.connection.call("read study", "GET", f"{API}/studies/{study_id}/", repeat="always")
        return parse("read study", answer, Study)

    def create_draft(self, draft: Draft) -> Study:
        """Make a draft; it costs nothing and nobody sees it. Twice would make two."""
        body = draft.model_dump(mode="json", exclude_none=True)
        answer = self.connection.call("create draft", "POST", f"{API}/studies/", body=body, repeat="refused")
        return parse("create draft", answer, Study)

    def update_draft(self, study_id: str, draft: Draft) -> Study:
        """Make a draft say what `draft` says."""
        return self._update(study_id, draft.model_dump(mode="json", exclude_none=True))

    def set_places(self, study_id: str, places: int) -> Study:
        """Set the number of places; once published it may only grow, and growing spends money."""
        return self._update(study_id, {"total_available_places": places})

    def delete_draft(self, study_id: str) -> None:
        """Delete a study that was never published."""
        self.connection.call("delete draft", "DELETE", f"{API}/studies/{study_id}/", repeat="refused")

    def transition(self, study_id: str, action: StudyAction) -> Study:
        """Publish, pause, start or stop a study. PUBLISH spends money; PAUSE lets those inside finish."""
        operation = f"{action.lower()} study"
        body = {"action": action}
        path = f"{API}/studies/{study_id}/transition/"
        return parse(operation, self.connection.call(operation, "POST", path, body=body, repeat="refused"), Study)

    def create_test_participant(self, email: str) -> TestParticipant:
        """Make a participant who can take only test studies; the address must be unknown to Prolific."""
        operation = "create test participant"
        path = f"{API}/researchers/participants/"
        answer = self.connection.call(operation, "POST", path, body={"email": email}, repeat="refused")
        return parse(operation, answer, TestParticipant)

    def create_test_study(self, study_id: str) -> TestStudy:
        """Publish a copy of a draft to the test participants; it costs nothing."""
        path = f"{API}/studies/{study_id}/test-study"
        answer = self.connection.call("create test study", "POST", path, repeat="refused")
        return parse("create test study", answer, TestStudy)

    # Costs

    def cost(self, study_id: str, *, is_projected: bool) -> StudyCost:
        """Return what a study will cost in all, or has cost so far."""
        path, params = f"{API}/studies/{study_id}/cost/", {"is_projected": str(is_projected).lower()}
        return parse(
            "read cost", self.connection.call("read cost", "GET", path, params=params, repeat="always"), StudyCost
        )

    def calculate_cost(self, reward: Money, places: int) -> Money:
        """Return what so many places would cost with fees and tax, in the account's currency."""
        body = {"reward": reward.cents, "total_available_places": places}
        path = f"{API}/study-cost-calculator/"
        answer = self.connection.call("calculate cost", "POST", path, body=body, repeat="always")
        return Money(parse("calculate cost", answer, CalculatedCost).total_cost, reward.currency)

    # Submissions

    def submissions(self, study_id: str) -> Iterator[Submission]:
        """Yield every submission of a study once, the first to start first."""
        query = {"study": study_id, "ordering": "started_at", "page_size": 100}
        seen = set()
        for submission in self.connection.pages("list submissions", f"{API}/submissions/", query, Submission):
            if submission.id not in seen:  # people arrive while we turn the pages
                seen.add(submission.id)
                yield submission

    def submission(self, submission_id: str) -> SubmissionDetail:
        """Return a submission with the bonuses that were paid on it."""
        path = f"{API}/submissions/{submission_id}/"
        answer = self.connection.call("read submission", "GET", path, repeat="always")
        return parse("read submission", answer, SubmissionDetail)

    def counts(self, study_id: str) -> dict[str, int]:
        """Return the number of submissions by status, in Prolific's words, and their TOTAL."""
        path = f"{API}/studies/{study_id}/submissions/counts/"
        answer = self.connection.call("count submissions", "GET", path, repeat="always")
        counts = parse("count submissions", answer, Counts).root
        return {status: int(count) for status, count in counts.items() if isinstance(count, int | float)}

    def approve(self, submission_ids: Sequence[str]) -> None:
        """Approve submissions, at most 1,000 in a request. If it breaks off, list again who still waits."""
        for first in range(0, len(submission_ids), MOST_APPROVALS):
            body = {"submission_ids": list(submission_ids[first : first + MOST_APPROVALS])}
            path = f"{API}/submissions/bulk-approve/"
            self.connection.call("approve submissions", "POST", path, body=body, repeat="refused")

    def reject(self, submission_id: str, rejection: Rejection) -> SubmissionDetail:
        """Reject a submission, with what `rejection.checked` gave. Documented as idempotent."""
        body = {"action": "REJECT", "rejection_category": rejection.category, "message": rejection.message}
        path = f"{API}/submissions/{submission_id}/transition/"
        answer = self.connection.call("reject submission", "POST", path, body=body, repeat="always")
        return parse("reject submission", answer, SubmissionDetail)

    def request_return(self, submission_id: str, reasons: Sequence[str]) -> None:
        """Ask somebody to return a submission, which leaves no mark on them."""
        path = f"{API}/submissions/{submission_id}/request-return/"
        body = {"request_return_reasons": list(reasons)}
        self.connection.call("request return", "POST", path, body=body, repeat="refused")

    # Bonuses

    def set_up_bonuses(self, study_id: str, bonuses: Sequence[Bonus]) -> BonusBatch:
        """Set up one of `bonuses.batches`, which pays nothing yet, and return what it would cost."""
        body = {"study_id": study_id, "csv_bonuses": as_csv(bonuses)}
        path = f"{API}/submissions/bonus-payments/"
        answer = self.connection.call("set up bonuses", "POST", path, body=body, repeat="refused")
        return parse("set up bonuses", answer, BonusBatch)

    def pay_bonuses(self, batch_id: str) -> None:
        """Pay bonuses that were set up. A second time pays twice, so this is sent once, whatever happens."""
        path = f"{API}/bulk-bonus-payments/{batch_id}/pay/"
        self.connection.call("pay bonuses", "POST", path, repeat="never")

    # Messages

    def send_message(self, participant_id: str, study_id: str, text: str) -> None:
        """Write to one participant."""
        body = {"recipient_id": participant_id, "study_id": study_id, "body": text}
        self.connection.call("send message", "POST", f"{API}/messages/", body=body, repeat="refused")

    def send_messages(self, participant_ids: Sequence[str], study_id: str, text: str) -> None:
        """Write the same to several participants."""
        body = {"ids": list(participant_ids), "study_id": study_id, "body": text}
        self.connection.call("send messages", "POST", f"{API}/messages/bulk/", body=body, repeat="refused")

    def _update(self, study_id: str, body: dict[str, Any]) -> Study:
        path = f"{API}/studies/{study_id}/"
        answer = self.connection.call("update study", "PATCH", path, body=body, repeat="always")
        return parse("update study", answer, Study)
