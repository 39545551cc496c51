"""The contact sheet: every triplet of a study as it was frozen, with steps and distances."""

from flask import Response, abort, request

from stimuli.errors import StimuliError
from stimuli.manifest import Item, Stimulus
from stimuli.perceived import Perceived, read_perceived
from study_server.experimenter.desk import desk, study_page
from study_server.server import current_server

PAGE = 24


@desk.get("/<name>/triplets")
def triplets(name: str) -> str:
    """Show the items of a study, a page at a time."""
    material = current_server().material(name)
    purpose = request.args.get("purpose", "main")
    purposes = list(dict.fromkeys(item.purpose for item in material.manifest.items))
    kept = [item for item in material.manifest.items if item.purpose == purpose]
    pages = max(1, -(-len(kept) // PAGE))
    asked = request.args.get("page", "1")
    number = min(int(asked), pages) if asked.isdecimal() and 0 < len(asked) < 6 and int(asked) else 1
    perceived = _perceived(name)
    lines = [(item, _pictures(item, perceived)) for item in kept[(number - 1) * PAGE : number * PAGE]]
    found = {"purpose": purpose, "purposes": purposes, "number": number, "pages": pages, "total": len(kept)}
    return study_page("triplets.html", name, "triplets", lines=lines, **found)


@desk.get("/<name>/images/<sha256>")
def image(name: str, sha256: str) -> Response:
    """Send an image of the manifest as it is stored."""
    server, material = current_server(), current_server().material(name)
    if sha256 not in {stimulus.sha256 for stimulus in material.manifest.stimuli()}:
        abort(404, "There is no such image.")
    return server.images.send(material, sha256)


def _pictures(item: Item, perceived: Perceived | None) -> list[tuple[Stimulus, str]]:
    """Return an item's images as a participant sees them, each with its distance to the reference in words."""
    one, *others = item.stimuli.values()
    reference = item.reference
    row = [one, *([reference] if reference else []), *others]
    return [(stimulus, _distance(reference, stimulus, perceived)) for stimulus in row]


def _distance(reference: Stimulus | None, stimulus: Stimulus, perceived: Perceived | None) -> str:
    if stimulus is reference:
        return "reference"
    if reference is None:
        return ""
    if stimulus.sha256 == reference.sha256:
        return "equal to reference"
    found = perceived and perceived.distances.get(f"{reference.sha256}:{stimulus.sha256}")
    return f"D {found:.3f}" if found is not None and perceived is not None else ""


def _perceived(name: str) -> Perceived | None:
    try:
        return read_perceived(current_server().material(name).folder)
    except StimuliError:
        return None
