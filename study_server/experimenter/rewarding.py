"""The ledger of bonuses: propose, set up, confirm the total by typing it, pay once."""

from flask import request
from werkzeug.wrappers import Response

from study_server import monitor
from study_server.experimenter.acting import attempt, spender
from study_server.experimenter.desk import desk, study_page
from study_server.prolific import asking, forms, ledger, paying, recruitment, submissions
from study_server.server import current_server


@desk.get("/<name>/prolific/bonuses")
def bonuses(name: str) -> str:
    """Show every bonus and what becomes of it."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        table = recruitment.table_of(db, material)
        rows = ledger.bonuses(db, material)
        pseudonyms = {row.session_id: row.pseudonym for row in monitor.overview(db, material).of("live")}
        known = [row for row in submissions.every(db, material) if not row.is_forgotten]
        batches = {state: ledger.in_state(db, material, state) for state in ("set_up", "confirmed", "paying")}
        totals = {
            state: ledger.total_of(found, table.currency) for state, found in batches.items() if table is not None
        }
    proposed = [row for row in rows if row.batch is None]
    return study_page(
        "bonuses.html",
        name,
        "prolific",
        table=table,
        rows=rows,
        amount_of=ledger.amount_of,
        proposed=proposed,
        proposed_total=forms.total(proposed),
        batches=batches,
        totals=totals,
        pseudonyms=pseudonyms,
        known=known,
        can_ask=asking.is_possible(),
    )


@desk.post("/<name>/prolific/bonuses")
def propose_bonus(name: str) -> Response:
    """Write a bonus into the ledger; the same again changes nothing."""
    who, server, material = spender(), current_server(), current_server().material(name)
    submission, amount, reason = (request.form.get(field, "") for field in ("submission", "amount", "reason"))

    def act() -> str:
        with server.database.reading() as db:
            wanted = forms.bonus(db, material, submission, amount, reason)
        new = server.database.write(lambda db: ledger.propose(db, material, [wanted], who.name))
        return f"Proposed {wanted.amount} for '{wanted.reason}'." if new else "This bonus stands in the ledger already."

    return attempt(act, "desk.bonuses", name)


@desk.post("/<name>/prolific/bonuses/<int:bonus_id>/withdraw")
def withdraw_bonus(name: str, bonus_id: int) -> Response:
    """Take a bonus out of the ledger that is only proposed."""
    who, server, material = spender(), current_server(), current_server().material(name)

    def act() -> str:
        server.database.write(lambda db: ledger.withdraw(db, material, bonus_id, who.name))
        return "Taken out of the ledger."

    return attempt(act, "desk.bonuses", name)


@desk.post("/<name>/prolific/bonuses/setup")
def set_up_bonuses(name: str) -> Response:
    """Ask Prolific what the proposed bonuses cost; nothing is paid."""
    spender()
    server, material = current_server(), current_server().material(name)

    def act() -> str:
        with forms.asked() as client:
            study_id = recruitment.find(server.database, client, material)
            found = ledger.set_up(server.database, client, material, study_id)
        return f"{len(found)} batch(es) wait for you to type the total. Nothing is paid."

    return attempt(act, "desk.bonuses", name)


@desk.post("/<name>/prolific/bonuses/confirm")
def confirm_bonuses(name: str) -> Response:
    """Confirm the total that was typed; nothing is paid yet."""
    who, server, material = spender(), current_server(), current_server().material(name)
    ids = [int(one) for one in request.form.getlist("batch") if one.isdecimal()]

    def act() -> str:
        server.database.write(lambda db: ledger.confirm(db, material, ids, request.form.get("typed", ""), who.name))
        return "Confirmed. Nothing is paid until you press Pay."

    return attempt(act, "desk.bonuses", name)


@desk.post("/<name>/prolific/bonuses/<int:batch_id>/pay")
def pay_bonuses(name: str, batch_id: int) -> Response:
    """Pay a confirmed batch, by a request that is sent once."""
    who, server, material = spender(), current_server(), current_server().material(name)

    def act() -> str:
        with forms.asked() as client:
            paying.pay(server.database, client, material, batch_id, who.name)
        return "Paid; Prolific shows it within minutes."

    return attempt(act, "desk.bonuses", name)


@desk.post("/<name>/prolific/bonuses/<int:batch_id>/discard")
def discard_bonuses(name: str, batch_id: int) -> Response:
    """Give up a batch that nobody asked Prolific to pay."""
    who, server, material = spender(), current_server(), current_server().material(name)

    def act() -> str:
        server.database.write(lambda db: ledger.discard(db, material, batch_id, who.name))
        return "Discarded; its bonuses are proposed again."

    return attempt(act, "desk.bonuses", name)
