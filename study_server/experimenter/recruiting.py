"""Prolific: whom we ask, what it costs, draft, publish after the amount was typed, and what disagrees."""

from flask import request
from werkzeug.wrappers import Response

from budgetfusion.errors import BudgetFusionError
from study_server import codes, intake, states
from study_server.experimenter.acting import attempt, public_url, refuse, spender
from study_server.experimenter.desk import desk, study_page
from study_server.experimenter.doors import require
from study_server.prolific import asking, comparing, forms, launching, reconciling, recruitment
from study_server.prolific.standing import standing
from study_server.server import current_server

ACTIONS = {"PAUSE": "paused", "START": "started again", "STOP": "stopped"}


@desk.get("/<name>/prolific")
def prolific(name: str) -> str:
    """Show whom we ask and how that stands, from what is stored; Prolific is asked for nothing."""
    return _page(name)


@desk.post("/<name>/prolific/wishes")
def read_wishes(name: str) -> Response:
    """Read `[prolific]` of a study file of the list again; it is in no digest, so it may change."""
    who, server, material = require("experimenter"), current_server(), current_server().material(name)
    root, file = server.settings.studies, request.form.get("file", "")

    def act() -> str:
        if root is None or file not in intake.study_files(root):
            return "Choose a study file of the list; nothing changed."
        table = forms.read_table(root / file)
        is_new = server.database.write(lambda db: recruitment.keep(db, material, table, who.name))
        return f"[prolific] of {file} holds now." if is_new else "[prolific] is as it was."

    return attempt(act, "desk.prolific", name)


@desk.post("/<name>/prolific/draft")
def make_draft(name: str) -> Response:
    """Make or update the draft on Prolific, which costs nothing."""
    require("experimenter")
    server, material = current_server(), current_server().material(name)

    def act() -> str:
        with forms.asked() as client:
            there, done, cost = launching.draft(server.database, client, material, public_url())
        return (
            f"Draft {done}: {there.id}, {there.total_available_places} places. It would cost {cost}; nothing is spent."
        )

    return attempt(act, "desk.prolific", name)


@desk.post("/<name>/prolific/proposal")
def propose_publishing(name: str) -> str | Response:
    """Say what publishing would spend, and ask for the amount."""
    spender()
    server, material = current_server(), current_server().material(name)
    try:
        with forms.asked() as client:
            proposal = launching.propose(server.database, client, material, public_url())
    except BudgetFusionError as error:
        return refuse(str(error), "desk.prolific", name)
    return _page(name, proposal=proposal)


@desk.post("/<name>/prolific/publish")
def publish(name: str) -> Response:
    """Publish, or add places, if the typed amount is the one that it costs; then people may come here, too."""
    who, server, material = spender(), current_server(), current_server().material(name)

    def act() -> str:
        with forms.asked() as client:
            typed = request.form.get("typed", "")
            is_opened = _open(name, who.name)  # first: whoever comes at once is let in
            try:
                there = launching.publish(server.database, client, material, public_url(), typed, who.name)
            except BudgetFusionError:
                if is_opened:
                    server.database.write(lambda db: states.pause(db, material, states.UNPUBLISHED, who.name))
                raise
        return f"Study {there.id} is {there.status} with {there.total_available_places} places."

    return attempt(act, "desk.prolific", name)


@desk.post("/<name>/prolific/state")
def change_prolific(name: str) -> Response:
    """Pause, start or stop the study on Prolific; who is inside finishes."""
    who, server, material = require("experimenter"), current_server(), current_server().material(name)
    wish = request.form.get("wish", "")

    def act() -> str:
        if wish not in ACTIONS:
            return "Nothing changed."
        with forms.asked() as client:
            there = launching.change(server.database, client, material, wish, who.name)  # type: ignore[arg-type] # a key
        return f"Study {ACTIONS[wish]} on Prolific; it is {there.status} now."

    return attempt(act, "desk.prolific", name)


@desk.get("/<name>/prolific/discrepancies")
def discrepancies(name: str) -> str:
    """Show what disagrees as of the last time that all submissions were read."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        found, stands = comparing.discrepancies(db, material), standing(db, material)
    return study_page(
        "discrepancies.html", name, "prolific", found=found, standing=stands, can_ask=asking.is_possible()
    )


@desk.post("/<name>/prolific/reconcile")
def reconcile(name: str) -> str | Response:
    """Read every submission from Prolific, heal what events did not tell, and show what disagrees."""
    require("experimenter")
    server, material = current_server(), current_server().material(name)
    try:
        with forms.asked() as client:
            done = reconciling.reconcile(server.database, client, material)
    except BudgetFusionError as error:
        return refuse(str(error), "desk.discrepancies", name)
    with server.database.reading() as db:
        stands = standing(db, material)
    context = {"found": done.discrepancies, "standing": stands, "can_ask": True}
    return study_page("discrepancies.html", name, "prolific", done=done, **context)


def _open(name: str, actor: str) -> bool:
    """Let people in if the study waited for being published; return whether it did."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        waits = states.state_of(db, material) == ("paused", states.UNPUBLISHED)
    return waits and server.database.write(lambda db: states.resume(db, material, actor))


def _page(name: str, **more: object) -> str:
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        table, stands = recruitment.table_of(db, material), standing(db, material)
        all_codes = codes.codes(db, material.study_id)
    root = server.settings.studies
    found: dict[str, object] = {
        "table": table,
        "standing": stands,
        "codes": all_codes,
        "findings": launching.findings(material, table) if table else [],
        "url": _url(name),
        "files": intake.study_files(root) if root else [],
        "can_ask": asking.is_possible(),
    }
    return study_page("prolific.html", name, "prolific", **found, **more)


def _url(name: str) -> str:
    """Return the study URL to paste, or why there is none."""
    try:
        return launching.url(public_url(), current_server().material(name))
    except BudgetFusionError as error:
        return str(error)
