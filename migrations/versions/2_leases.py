"""Slots hold the trial plans, sessions lease slots, answers belong to sessions and are chained."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from migrations import leases as tables

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None

LEASE_MINUTES = 60
START = "0" * 64

Row = dict[str, Any]


def upgrade() -> None:
    """Give every plan to its slot and every answer to its session; nothing is lost."""
    old = {name: _take(name) for name in ("answer", "trial", "slot", "session")}
    tables.widen_study()
    tables.create_material()
    tables.create_slot()
    tables.create_trial()
    tables.create_session()
    tables.create_lease()
    tables.create_answer()
    _fill_material()
    _fill(old)


def downgrade() -> None:
    """Give every session its own plan again; visits without a place, and the history of leases, go."""
    names = ("answer", "lease", "session", "trial", "slot", "stimulus", "triplet")
    new = {name: _take(name) for name in names}
    with op.batch_alter_table("study") as batch:
        batch.drop_constraint(op.f("ck_study_state"), type_="check")
        batch.drop_constraint(op.f("ck_study_lease_minutes"), type_="check")
        for column in ("state", "paused_because", "lease_minutes", "retain_until", "closed_at"):
            batch.drop_column(column)
    _create_first_tables()
    _fill_first(new)


def _create_first_tables() -> None:
    first = context.script.get_revision("1").module
    for name in ("session", "slot", "trial", "answer"):
        getattr(first, f"_create_{name}")()


def _take(name: str) -> list[Row]:
    """Return all rows of a table and drop it."""
    connection = op.get_bind()
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    for column in table.columns:
        if isinstance(column.type, sa.DateTime):
            column.type = sa.DateTime(timezone=True)
    rows = [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]
    op.drop_table(name)
    return rows


def _put(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with their ids, and let new ones be numbered after them."""
    connection = op.get_bind()
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    if rows:
        connection.execute(sa.insert(table), list(rows))
    if connection.dialect.name == "postgresql":
        newest = max((row["id"] for row in rows), default=0)
        connection.execute(
            sa.text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :next, false)"),
            {"name": f'"{name}"', "next": newest + 1},
        )


def _fill(old: Mapping[str, list[Row]]) -> None:
    people = {row.id: row.mode for row in op.get_bind().execute(sa.text("SELECT id, mode FROM participant"))}
    slots = {(row["study_id"], row["mode"], row["number"]): row for row in old["slot"]}
    slot_of = {s["id"]: slots[s["study_id"], people[s["participant_id"]], s["slot_number"]] for s in old["session"]}
    sessions = {row["id"]: row for row in old["session"]}
    trials = {row["id"]: row for row in old["trial"]}
    chains = {row["id"]: _Chain() for row in old["session"]}
    chained = [
        chains[trial["session_id"]].add(answer, trial["trial_index"]) | {"session_id": trial["session_id"]}
        for answer in old["answer"]
        for trial in (trials[answer["trial_id"]],)
    ]
    _put("slot", [_slot(row, sessions.get(row["session_id"])) for row in old["slot"]])
    _put("trial", [_trial(row, sessions, slot_of) for row in old["trial"]])
    _put("session", [_session(row, slot_of, chains) for row in old["session"]])
    _put("lease", [_lease(row, slot_of) for row in old["session"]])
    _put("answer", chained)


class _Chain:
    """A session's chain while it is laid over the answers that are there."""

    def __init__(self) -> None:
        self.position, self.head = 0, START

    def add(self, answer: Row, trial_index: int) -> Row:
        salt = secrets.token_hex(16)
        moments = [_utc(answer[k]).isoformat(timespec="microseconds") for k in ("shown_at", "answered_at")]
        facts = [answer["uuid"], trial_index, answer["response"], float(answer["rt_ms"]), *moments]
        text = json.dumps(["answer", *facts, answer["flags"]], ensure_ascii=False, separators=(",", ":"))
        leaf = hashlib.sha256((salt + text).encode()).hexdigest()
        self.head = hashlib.sha256((self.head + leaf).encode()).hexdigest()
        self.position += 1
        return {**answer, "position": self.position, "salt": salt, "link": self.head}


def _slot(row: Row, session: Row | None) -> Row:
    state = "free" if session is None else "finished" if session["state"] == "finished" else "leased"
    expires_at = datetime.now(UTC) + timedelta(minutes=LEASE_MINUTES) if state == "leased" else None
    kept = {key: row[key] for key in ("id", "study_id", "mode", "number")}
    return {**kept, "state": state, "expires_at": expires_at}


def _trial(row: Row, sessions: Mapping[int, Row], slot_of: Mapping[int, Row]) -> Row:
    kept = {key: value for key, value in row.items() if key != "session_id"}
    session = row["session_id"]
    return {**kept, "study_id": sessions[session]["study_id"], "slot_id": slot_of[session]["id"]}


def _session(row: Row, slot_of: Mapping[int, Row], chains: Mapping[int, _Chain]) -> Row:
    kept = {key: value for key, value in row.items() if key != "slot_number"}
    chain = chains[row["id"]]
    new = {"bearer_sha256": None, "slot_id": slot_of[row["id"]]["id"], "position": chain.position, "head": chain.head}
    return {**kept, **new}


def _lease(row: Row, slot_of: Mapping[int, Row]) -> Row:
    ended = row["state"] if row["state"] in ("finished", "declined") else None
    ended_at = (row["finished_at"] or row["started_at"]) if ended else None
    ids = {"id": row["id"], "slot_id": slot_of[row["id"]]["id"], "session_id": row["id"]}
    return {**ids, "leased_at": row["started_at"], "ended_at": ended_at, "ended": ended}


def _fill_material() -> None:
    triplets: list[Row] = []
    stimuli: list[Row] = []
    for study in op.get_bind().execute(sa.text("SELECT id, manifest FROM study ORDER BY id")):
        manifest = json.loads(study.manifest) if isinstance(study.manifest, str) else study.manifest
        for item in manifest["items"]:
            key = {"study_id": study.id, "item_id": item["item_id"]}
            reference = item["reference"]["sha256"] if item["reference"] else None
            facts = {name: item[name] for name in ("purpose", "prompt", "seed")}
            triplets.append({"id": len(triplets) + 1, **key, **facts, "reference_sha256": reference})
            for condition, image in item["stimuli"].items():
                facts = {name: image[name] for name in ("sha256", "num_steps", "width", "height")}
                stimuli.append({"id": len(stimuli) + 1, **key, "condition": condition, **facts})
    _put("triplet", triplets)
    _put("stimulus", stimuli)


def _fill_first(new: Mapping[str, list[Row]]) -> None:
    slots = {row["id"]: row for row in new["slot"]}
    held = {row["slot_id"]: row["session_id"] for row in new["lease"] if row["ended"] in (None, "finished")}
    sessions = [row for row in new["session"] if row["slot_id"] is not None]
    known = ("started", "consented", "finished", "declined")
    columns = ("id", "token", "study_id", "participant_id", "flags", "consent_sha256")
    moments = ("started_at", "consented_at", "finished_at")
    _put(
        "session",
        [
            {key: row[key] for key in (*columns, *moments)}
            | {"slot_number": slots[row["slot_id"]]["number"]}
            | {"state": row["state"] if row["state"] in known else "consented" if row["consented_at"] else "declined"}
            for row in sessions
        ],
    )
    kept = ("id", "study_id", "mode", "number")
    _put("slot", [{key: row[key] for key in kept} | {"session_id": held.get(row["id"])} for row in new["slot"]])
    plans: dict[int, list[Row]] = {}
    for row in new["trial"]:
        plans.setdefault(row["slot_id"], []).append(row)
    agreed = [row for row in sessions if row["consented_at"] is not None]
    pairs = [(session["id"], trial) for session in agreed for trial in plans.get(session["slot_id"], [])]
    number = {(session, trial["id"]): i for i, (session, trial) in enumerate(pairs, start=1)}
    gone = ("study_id", "slot_id")
    _put(
        "trial",
        [
            {key: value for key, value in trial.items() if key not in gone}
            | {"id": number[session, trial["id"]], "session_id": session}
            for session, trial in pairs
        ],
    )
    chained = ("session_id", "position", "salt", "link")
    _put(
        "answer",
        [
            {key: value for key, value in row.items() if key not in chained}
            | {"trial_id": number[row["session_id"], row["trial_id"]]}
            for row in new["answer"]
        ],
    )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
