"""Submissions: approve many after the amount was typed, ask for a return, reject through the form that knows policy."""

from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from budgetfusion.errors import BudgetFusionError
from study_server import codes, monitor
from study_server.experimenter.acting import attempt, refuse, spender
from study_server.experimenter.desk import desk, study_page
from study_server.monitor import ParticipantRow
from study_server.prolific import approvals, asking, forms, rejections, submissions
from study_server.prolific.tables import Submission
from study_server.server import current_server

MOST_AT_ONCE = 1000


@dataclass(frozen=True)
class Line:
    """One submission, the outcome whose code it came back with, and the visit that it belongs to."""

    submission: Submission
    outcome: str
    row: ParticipantRow | None

    @property
    def minutes(self) -> float | None:
        """From start to end by Prolific's clock; none before the end."""
        start, end = self.submission.started_at, self.submission.completed_at
        return (end - start).total_seconds() / 60 if start and end else None


@desk.get("/<name>/prolific/submissions")
def list_submissions(name: str) -> str:
    """Show every submission that is known, those who wait first."""
    return _page(name)


@desk.post("/<name>/prolific/submissions")
def decide(name: str) -> str | Response:
    """Say what approving those who were chosen would pay, or ask them to return."""
    who, server, material = spender(), current_server(), current_server().material(name)
    ids, reason = request.form.getlist("id")[:MOST_AT_ONCE], request.form.get("reason", "").strip()
    if not ids:
        return refuse("Choose at least one submission that waits.", "desk.list_submissions", name)
    if request.form.get("wish") == "return":

        def ask_back() -> str:
            if not reason:
                return "Give a reason: the participant reads it. Nothing was sent."
            with forms.asked() as client:
                approvals.request_returns(server.database, client, material, ids, [reason], who.name)
            return f"Asked {len(ids)} to return."

        return attempt(ask_back, "desk.list_submissions", name)
    try:
        with forms.asked() as client:
            proposal = approvals.propose(server.database, client, material, ids)
    except BudgetFusionError as error:
        return refuse(str(error), "desk.list_submissions", name)
    return _page(name, proposal=proposal)


@desk.post("/<name>/prolific/approve")
def approve(name: str) -> Response:
    """Approve those who were chosen, if the typed amount is what that pays."""
    who, server, material = spender(), current_server(), current_server().material(name)
    ids, typed = request.form.getlist("id")[:MOST_AT_ONCE], request.form.get("typed", "")

    def act() -> str:
        with forms.asked() as client:
            done = approvals.approve(server.database, client, material, ids, typed, who.name)
        return (
            f"Sent {len(done.ids)} approvals, {done.amount} to participants; Prolific carries them out within minutes."
        )

    return attempt(act, "desk.list_submissions", name)


@desk.get("/<name>/prolific/reject/<external_id>")
def rejection(name: str, external_id: str) -> str | Response:
    """Show the form of a rejection with what is known of the submission."""
    server, material = current_server(), current_server().material(name)
    try:
        with server.database.reading() as db:
            known = rejections.evidence(db, material, external_id)
    except BudgetFusionError as error:
        return refuse(str(error), "desk.list_submissions", name)
    found = {"known": known, "external_id": external_id, "grounds": rejections.GROUNDS}
    return study_page("reject.html", name, "prolific", can_ask=asking.is_possible(), **found)


@desk.post("/<name>/prolific/reject/<external_id>")
def reject(name: str, external_id: str) -> Response:
    """Reject a submission if policy allows it."""
    who, server, material = spender(), current_server(), current_server().material(name)
    ground, message = request.form.get("ground", ""), request.form.get("message", "")

    def act() -> str:
        with forms.asked() as client:
            rejections.reject(server.database, client, material, external_id, ground, message, who.name)
        return f"Rejected {external_id}."

    return attempt(act, "desk.list_submissions", name)


def _page(name: str, **more: object) -> str:
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        known = [row for row in submissions.every(db, material) if not row.is_forgotten]
        outcomes = {code: outcome for outcome, code in codes.codes(db, material.study_id).items()}
        rows = {row.session_id: row for row in monitor.overview(db, material).of("live")}
        complete = {one.id for one in approvals.waiting(db, material).complete}
    lines = [Line(one, outcomes.get(one.code or "", one.code or ""), rows.get(one.session_id or 0)) for one in known]
    lines.sort(key=lambda line: (line.submission.status != "AWAITING REVIEW", line.submission.id))
    found: dict[str, object] = {"lines": lines, "complete": complete, "can_ask": asking.is_possible()}
    return study_page("submissions.html", name, "prolific", **found, **more)
