"""What the trial page's program calls: open the visit, answer, note events, finish, leave.

A call comes from our own origin, and shows the bearer that `open_visit` gave to this window and to no other.
"""

from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, abort, jsonify, request
from pydantic import BaseModel, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from study_server import answers, codes, metrics, privacy, sessions
from study_server.checks import is_correct
from study_server.errors import VisitUnknownError
from study_server.happenings import keep
from study_server.models import Session
from study_server.participant.showing import shown
from study_server.participant.visits import required_visit
from study_server.participant.way import require_way
from study_server.server import current_server
from study_server.submission import Happenings, Submission, Withdrawal

Body = TypeVar("Body", bound=BaseModel)

api = Blueprint("api", __name__, url_prefix="/s/<name>")


@api.post("/visit")
def open_visit(name: str) -> Response:
    """Hand the visit of this browser to the window that asks: its bearer, and the trials that are unanswered."""
    server, material, visit = current_server(), current_server().material(name), required_visit(name)
    require_way(name, visit)

    def hand_over(db: Db) -> Response:
        stored = db.get_one(Session, visit.id)
        bearer = sessions.hand_over(db, stored)
        every, missing = sessions.trials_of(db, stored), sessions.unanswered(db, stored)
        technical = codes.code_of(db, material.study_id, "technical")
        plan = shown(server.settings.secret_key, material, stored, every, missing)
        return jsonify(bearer=bearer, technical_code=technical, **plan)

    return server.database.write(hand_over)


@api.post("/answers")
def answer(name: str) -> Response:
    """Store one answer and acknowledge it after it is on the disk."""
    server, material = current_server(), current_server().material(name)
    submission = _body(Submission)
    if submission.response == "tie" and not material.study.design.not_sure:
        abort(422, "This study does not ask for 'not sure'.")
    bearer = _bearer()
    server.order.require(server.database, bearer, submission.trial)
    stored = answers.store(server.database, server.plans, material.study_id, bearer, submission)
    metrics.ANSWERS.labels("new" if stored.is_new else "again").inc()
    if stored.trial.purpose == "practice":
        correct = is_correct(material, stored.trial, stored.response)
        return jsonify(stored=True, uuid=stored.uuid, correct=correct)
    return Response(f'{{"stored":true,"uuid":"{stored.uuid}"}}', mimetype="application/json")


@api.post("/events")
def note(name: str) -> Response:
    """Keep events of the visit; the same event again changes nothing."""
    server, material = current_server(), current_server().material(name)
    bearer, body = _bearer(), _body(Happenings)
    kept = server.database.write(lambda db: keep(db, _visit(db, material.study_id, bearer), body.events))
    return jsonify(stored=kept)


@api.post("/completion")
def complete(name: str) -> Response:
    """End the visit once every trial has its stored answer, and give the code for that."""
    return _end(name, lambda db, visit: sessions.finish(db, visit))


@api.post("/withdrawal")
def withdraw(name: str) -> Response:
    """End the visit because the participant wants to; erase the answers if that is the wish."""
    wish = _body(Withdrawal)

    def leave(db: Db, visit: Session) -> None:
        sessions.withdraw(db, visit)
        if wish.erase:
            privacy.erase(db, visit, "participant")

    return _end(name, leave)


def _end(name: str, act: Callable[[Db, Session], None]) -> Response:
    server, material, bearer = current_server(), current_server().material(name), _bearer()

    def end(db: Db) -> Response:
        visit = _visit(db, material.study_id, bearer)
        act(db, visit)
        outcome = codes.OUTCOMES[visit.state]
        return jsonify(outcome=outcome, code=codes.code_of(db, material.study_id, outcome))

    return server.database.write(end)


def _visit(db: Db, study_id: int, bearer: str) -> Session:
    visit = db.scalar(select(Session).where(Session.bearer_sha256 == bearer, Session.study_id == study_id))
    if visit is None:
        raise VisitUnknownError
    return visit


def _bearer() -> str:
    """Return the hash of the bearer that the call shows."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not bearer:
        raise VisitUnknownError
    return sessions.bearer_sha256(bearer)


def _body(model: type[Body]) -> Body:
    try:
        return model.model_validate_json(request.get_data(cache=False))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:3])
        abort(422, f"{error.error_count()} fault(s): {faults}.")
