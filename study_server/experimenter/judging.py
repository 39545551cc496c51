"""Quality: the declared rules, what each says of everybody, and nothing about pay."""

from study_server import monitor
from study_server.experimenter.desk import desk, study_page
from study_server.quality import MARKS
from study_server.rules import declared, excluding
from study_server.server import current_server


@desk.get("/<name>/quality")
def quality(name: str) -> str:
    """Show the declared rules and everybody whom one of them marks."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        rows = monitor.overview(db, material).of("live")
    counts = {mark: sum(mark in row.marks for row in rows) for mark in MARKS}
    rules = declared(material.study)
    unused = [row for row in rows if row.state == "finished" and row.unused]
    marked = [row for row in rows if row.marks]
    finished = sum(row.state == "finished" for row in rows)
    found = {"rules": rules, "counts": counts, "marked": marked, "unused": unused, "finished": finished}
    return study_page("quality.html", name, "quality", marks=MARKS, excluding=excluding(material.study), **found)
