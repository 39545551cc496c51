"""What can be taken away: the choices as files, and results by condition once nobody can be steered by them."""

import io

from flask import Response, abort

from study_server import export, monitor, results
from study_server.experimenter.desk import desk, study_page
from study_server.experimenter.doors import require
from study_server.server import current_server


@desk.get("/<name>/data")
def data(name: str) -> str:
    """Offer the export, and show results by condition where they may be seen."""
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        overview, is_blind = monitor.overview(db, material), export.is_blind(db, material)
        shown = results.results(db, material) if results.may_be_seen(db, material) else None
    suffixes = list(export.WRITERS)
    return study_page("data.html", name, "data", overview=overview, is_blind=is_blind, results=shown, suffixes=suffixes)


@desk.get("/<name>/choices.<suffix>")
def download(name: str, suffix: str) -> Response:
    """Send the choices as a file; blinded until the study is closed."""
    require("experimenter")
    if suffix not in export.WRITERS:
        abort(404, f"There is no export '{suffix}'; there are: {', '.join(export.WRITERS)}.")
    server, material = current_server(), current_server().material(name)
    with server.database.reading() as db:
        rows, is_blind = export.choices(db, material), export.is_blind(db, material)
    buffer = io.BytesIO()
    export.WRITERS[suffix](rows, export.columns(is_blind=is_blind), buffer)
    response = Response(buffer.getvalue(), mimetype=export.MIMETYPES[suffix])
    response.headers["Content-Disposition"] = f"attachment; filename={name}-choices.{suffix}"
    return response
