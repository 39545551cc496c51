"""Who arrives by Prolific: the signed token is checked at the landing page and used up by the start.

The token lives two minutes and a landing page may be read for longer, so the signed cookie remembers what the token
said. A token that was used opens nothing in another browser.
"""

import hashlib
import re
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import current_app, request, session
from sqlalchemy import select
from sqlalchemy.orm import Session as Db

from prolific_config.entry import PARAMETER, KeyRing, admit
from prolific_config.errors import EntryTokenError
from prolific_config.subscriptions import signing_keys
from prolific_config.table import EntryTokens
from stimuli.manifest import Mode
from study_server import sessions
from study_server.models import Session
from study_server.prolific import asking, recruitment, submissions
from study_server.prolific.tables import EntryToken
from study_server.server import current_server
from study_server.studies import Material

SUBMISSION_ID = re.compile(r"[0-9a-f]{24}")


@dataclass(frozen=True)
class Arrival:
    """Who wants to start.

    Args:
        participant_id: External; empty where somebody comes without.
        submission_id: On Prolific; empty where it is not known.
        token_id: Of the token that says so; empty where none was asked for.
        token: Hash of the token, so that a reload is known again.
        browser: Random name of the browser that showed the token.
    """

    participant_id: str
    submission_id: str
    token_id: str = ""
    token: str = ""
    browser: str = ""


def look(material: Material) -> None:
    """Check the token of the address that was opened, and remember in this browser's cookie what it says.

    Raises:
        EntryTokenError: If a token is required and absent, or is not good for this arrival.
        ProlificError: If Prolific's keys are needed and cannot be read.
    """
    mode = _mode(material)
    if mode == "off" or request.args.get("pass"):  # our own signed links lead to previews and rehearsals
        return
    token, known = request.args.get(PARAMETER, ""), _remembered(material)
    if known is not None and _is_again(known, token):
        return
    entry = admit(mode, request.args.to_dict(), _keys(), _address(material), time.time())
    session.pop(_key(material), None)
    if entry is not None:
        ids = {"participant_id": entry.participant_id, "submission_id": entry.submission_id}
        proof = {"token_id": entry.token_id, "token": _hash(token), "browser": secrets.token_hex(16)}
        session[_key(material)] = {**ids, **proof}


def arrival(material: Material, mode: Mode) -> Arrival:
    """Return who wants to start: what the token said, or else what the form says.

    Raises:
        EntryTokenError: If a token is required and this browser has shown none.
    """
    known = _remembered(material) if mode == "live" else None
    wanted = _mode(material) if mode == "live" else "off"
    if known is not None and wanted != "off":
        return known
    said = Arrival(request.form.get("external_id", ""), request.form.get("submission_id", ""))
    if wanted == "required" and f"visit:{material.name}" not in session:
        raise EntryTokenError("no token", f"`{PARAMETER}` in the address")
    return said if wanted != "required" else Arrival("", "")


def start(db: Db, material: Material, mode: Mode, arrival: Arrival, flags: str) -> Session:
    """Begin a visit or come back to it, with the token used up and the submission noted.

    Raises:
        EntryTokenError: If another browser has used the token.
        StudyRestsError: If the study takes nobody in.
    """
    _use(db, arrival)
    visit = sessions.start(db, material, mode, arrival.participant_id or None, flags)
    if mode == "live" and SUBMISSION_ID.fullmatch(arrival.submission_id):  # a damaged id is matched by polling
        submissions.arrive(db, visit, arrival.submission_id, datetime.now(UTC))
    return visit


def _use(db: Db, arrival: Arrival) -> None:
    if not arrival.token_id:
        return
    row = db.scalar(select(EntryToken).where(EntryToken.token_id == arrival.token_id))
    if row is None:
        db.add(EntryToken(token_id=arrival.token_id, browser=arrival.browser, used_at=datetime.now(UTC)))
        db.flush()
    elif row.browser != arrival.browser:
        raise EntryTokenError("a token that was used before", "a new one")


def _mode(material: Material) -> EntryTokens:
    with current_server().database.reading() as db:
        table = recruitment.table_of(db, material)
    return table.entry_token if table is not None else "off"


def _remembered(material: Material) -> Arrival | None:
    found = session.get(_key(material))
    return Arrival(**found) if found else None


def _is_again(known: Arrival, token: str) -> bool:
    """Say whether this is the arrival that the cookie remembers: reloaded, or opened without its parameters."""
    if token:
        return _hash(token) == known.token
    ids = {"PROLIFIC_PID": known.participant_id, "SESSION_ID": known.submission_id}
    return all(request.args.get(name, value) == value for name, value in ids.items())


def _keys() -> KeyRing:
    """Return Prolific's keys, which this program keeps for a day."""
    found: KeyRing = current_app.extensions.setdefault("prolific_keys", KeyRing(_fetch))
    return found


def _fetch() -> dict[str, Any]:
    connection = asking.anonymous()
    try:
        return signing_keys(connection)
    finally:
        connection.close()


def _address(material: Material) -> str:
    base = current_server().settings.public_url or request.url_root
    return f"{base.rstrip('/')}/s/{material.name}"


def _key(material: Material) -> str:
    return f"entry:{material.name}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]
