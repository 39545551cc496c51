"""Making a study at the desk: choose the files that lie on the server, see everything that is wrong, then freeze."""

from dataclasses import dataclass
from pathlib import Path

from flask import abort, redirect, render_template, request, url_for
from sqlalchemy.orm import Session as Db
from werkzeug.wrappers import Response

from stimuli.manifest import Purpose
from study_server import intake, states, studies
from study_server.errors import StudyFrozenError
from study_server.experimenter.desk import desk
from study_server.experimenter.doors import require
from study_server.intake import Checked, Fault
from study_server.prolific import recruitment
from study_server.server import current_server
from study_server.slots import items_of

PURPOSES: tuple[Purpose, ...] = ("practice", "catch", "identical", "check")


@dataclass(frozen=True)
class Chosen:
    """A study file and a stimuli folder of the list, and what is wrong with them."""

    file: str
    folder: str
    root: Path
    checked: Checked


@desk.get("/_create")
def new_study() -> str:
    """Offer the files, and show what a check of the chosen ones finds; nothing is stored."""
    require("experimenter")
    return _page(_chosen(request.args.get("file", ""), request.args.get("folder", "")))


@desk.post("/_create")
def create_study() -> Response | tuple[str, int]:
    """Check again and freeze the study; nobody is let in until it is published."""
    who = require("experimenter")
    chosen = _chosen(request.form.get("file", ""), request.form.get("folder", ""))
    if chosen is None:
        abort(400, "Choose a study file and a stimuli folder of the list.")
    study, manifest, table = chosen.checked.study, chosen.checked.manifest, chosen.checked.table
    if chosen.checked.faults or study is None or manifest is None:
        return _page(chosen), 422

    next_version = request.form.get("next_version") == "yes"

    def act(db: Db) -> str:
        is_new = studies.create(db, study, manifest, chosen.root / chosen.folder, new_version=next_version)
        material = studies.read_newest(db, study.study.name)
        if is_new:
            states.pause(db, material, states.UNPUBLISHED, who.name)
        if table is not None:
            recruitment.keep(db, material, table, who.name)
        return material.name

    try:
        name = current_server().database.write(act)
    except StudyFrozenError as error:
        return _page(chosen, Fault(chosen.file, "study.name", str(error)), has_older=True), 409
    return redirect(url_for("desk.show", name=name), 303)


def _chosen(file: str, folder: str) -> Chosen | None:
    """Return what somebody chose of the list, checked; none if either is not in it."""
    settings = current_server().settings
    root = settings.studies
    if root is None or file not in intake.study_files(root) or folder not in intake.stimuli_folders(root):
        return None
    checked = intake.check(root / file, root / folder, root, settings.images_url)
    return Chosen(file, folder, root, checked)


def _page(chosen: Chosen | None, *more: Fault, has_older: bool = False) -> str:
    root = current_server().settings.studies
    return render_template(
        "desk/create.html",
        root=root,
        files=intake.study_files(root) if root else [],
        folders=intake.stimuli_folders(root) if root else [],
        chosen=chosen,
        faults=(*chosen.checked.faults, *more) if chosen else (),
        has_older=has_older,
        places=_places(chosen),
    )


def _places(chosen: Chosen | None) -> dict[str, int]:
    """Return what each participant will see, by purpose."""
    if chosen is None or chosen.checked.study is None or chosen.checked.manifest is None or chosen.checked.faults:
        return {}
    design, items = chosen.checked.study.design, chosen.checked.manifest
    shown: dict[str, int] = {purpose: len(items_of(items, purpose)) for purpose in PURPOSES}
    return {"main": design.main_trials, "repeat": design.repeats, **shown}
