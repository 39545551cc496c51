"""Health, counters, logs, images and backups: what those who run the machine rely on."""

import json
import logging
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from stimuli.manifest import image_path
from study_server import health, logs, schema
from study_server.app import create_app
from study_server.backup import backup, restore
from study_server.db import Database
from study_server.errors import BackupError, FileThereError
from study_server.images import Images
from study_server.ledger import Audit
from study_server.models import Answer, Session, Study
from study_server.settings import Settings
from study_server.verification import verify

SIGNING = "signs in the tests only"


def serve(database, **changes):
    """Return a browser at an app with other settings."""
    app = create_app(Settings(SIGNING, database.url, **changes))
    return app, app.test_client()


def close(app):
    """Close an app's database."""
    app.extensions["budgetfusion"].database.close()


def start(client):
    """Come to the study and click start."""
    page = client.get("/s/tiny").text
    token = page.partition('name="form_token" value="')[2].partition('"')[0]
    return client.post("/s/tiny/start", data={"form_token": token, "external_id": "a" * 24})


def test_readiness_writes_and_liveness_does_not(any_created):
    """/readyz leaves one fresh probe row, however often it is asked; /healthz leaves none."""
    app, client = serve(any_created)
    assert client.get("/healthz").json == {"status": "ok"}
    probes = []
    for _ in range(3):
        assert client.get("/readyz").json == {"status": "ok", "alarm": ""}
        with any_created.reading() as db:
            probes.append(db.scalar(text("SELECT count(*) FROM probe")))
    close(app)

    assert probes == [1, 1, 1]


def test_a_full_disk_pauses_the_study_and_raises_the_alarm(any_created):
    """With too little free disk nobody new is let in, the study is paused with the reason, and readiness says 503."""
    app, client = serve(any_created, min_free_mb=10**9)
    ready, refused = client.get("/readyz"), start(client)
    close(app)

    assert (ready.status_code, "MB of disk are free" in ready.json["alarm"]) == (503, True)
    assert (refused.status_code, "rests at the moment" in refused.text) == (503, True)
    with any_created.reading() as db:
        assert db.scalar(select(Study.state)) == "paused"
        assert "MB of disk" in db.scalar(select(Study.paused_because))
        assert db.scalar(select(func.count()).select_from(Session)) == 0
        assert db.scalar(select(Audit.what).where(Audit.what == "pause")) == "pause"


def test_a_failing_write_probe_lets_nobody_in(created):
    """When a row cannot be written, arrivals are refused politely, and nothing is stored about them."""
    app, client = serve(created)
    with created.writing() as db:
        db.execute(text("DROP TABLE probe"))
    ready, refused = client.get("/readyz"), start(client)
    close(app)

    assert "the write probe fails" in ready.json["alarm"]
    assert refused.status_code == 503
    with created.reading() as db:
        assert db.scalar(select(func.count()).select_from(Session)) == 0


def test_many_failures_are_an_alarm_and_few_are_not(created, settings):
    """More than one request in twenty within a minute, of twenty at least."""
    few, many = health.Watch(settings, created), health.Watch(settings, created)
    for number in range(40):
        few.count(number == 0)
        many.count(number % 10 == 0)

    assert (few.look().errors, many.look().errors) == ("", "10% of 40 requests failed in the last minute")


def test_counters_are_for_whoever_has_the_token(created):
    """Without the token, or without one set, /metrics tells nothing; with it, it counts starts."""
    app, client = serve(created, metrics_token="m")  # noqa: S106 - of the test
    start(client)
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 401
    told = client.get("/metrics", headers={"Authorization": "Bearer m"}).text
    close(app)
    app, client = serve(created)
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 401
    close(app)

    for name in ("budgetfusion_starts_total", "budgetfusion_free_megabytes", "budgetfusion_request_seconds_bucket"):
        assert name in told


def test_logs_are_json_without_ids(created, capsys):
    """Each line is one object; neither the participant's id, nor the visit's token, nor an address stands in it."""
    before, level = logging.getLogger().handlers[:], logging.getLogger().level
    logs.configure()
    app = create_app(Settings(SIGNING, created.url), logs_requests=True)
    client = app.test_client()
    client.get("/s/tiny?PROLIFIC_PID=" + "a" * 24)
    start(client)
    client.get("/s/tiny/consent")
    client.get("/nowhere")
    close(app)
    logging.getLogger().handlers, logging.getLogger().level = before, level
    with created.reading() as db:
        token = db.scalar(select(Session.token))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert {line.get("endpoint") for line in lines} >= {"participant.start", "participant.consent", "none"}
    assert any(line.get("visit") for line in lines)
    for secret in ("a" * 24, token, "127.0.0.1"):
        assert secret not in json.dumps(lines)


@pytest.mark.parametrize(
    ("offload", "header", "value"),
    [
        ("x-accel-redirect:/held", "X-Accel-Redirect", "/held/tiny/images/{name}"),
        ("x-sendfile", "X-Sendfile", "{folder}/images/{name}"),
    ],
)
def test_the_proxy_can_send_the_images(app, material, offload, header, value):
    """The program names the file in a header and sends no byte of it."""
    stimulus = material.manifest.stimuli()[0]
    path = image_path(material.folder, stimulus.sha256)
    with app.test_request_context():
        response = Images(None, offload).send(material, stimulus.sha256)

    assert response.headers[header] == value.format(folder=material.folder, name=path.name)
    assert response.get_data() == b""


def test_images_can_come_from_an_object_store(app, material):
    """What fsspec finds is sent as it is, with no header that tells one image from another."""
    import fsspec

    stimulus = material.manifest.stimuli()[0]
    path = image_path(material.folder, stimulus.sha256)
    fsspec.filesystem("memory").pipe_file(f"/bucket/tiny/images/{path.name}", path.read_bytes())
    with app.test_request_context():
        response = Images("memory://bucket", None).send(material, stimulus.sha256)

    assert response.get_data() == path.read_bytes()
    assert not {"ETag", "Last-Modified", "Content-Disposition"} & set(response.headers.keys())


@pytest.mark.usefixtures("postgres_programs")
def test_a_backup_made_in_use_restores_whole(any_created, use_cases, new_database, tmp_path):
    """A copy made while an answer is under way holds every acknowledged answer, and its chains hold."""
    desk = use_cases(any_created)
    visit, bearer = desk.enter("a" * 24)
    desk.complete(visit, bearer)
    with any_created.engine.connect() as open_connection:
        open_connection.execute(select(func.count()).select_from(Answer))
        backup(any_created, tmp_path / "copy")
    with pytest.raises(FileThereError):
        backup(any_created, tmp_path / "copy")
    other = Database(new_database(any_created))
    restore(other, tmp_path / "copy")
    again = use_cases(other)
    with other.reading() as db:
        assert verify(db).faults == []

    assert again.count(Answer) == 10
    assert again.start("b" * 24).slot.number == 1
    with pytest.raises(BackupError, match="is not empty"):
        restore(other, tmp_path / "copy")
    other.close()


def test_what_is_no_backup_is_refused(database, tmp_path):
    """Another file changes nothing."""
    (tmp_path / "words").write_text("not a backup")
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    for path in (tmp_path / "words", tmp_path / "nothing"):
        with pytest.raises(BackupError, match="is no backup of such a database"):
            restore(empty, path)
    assert schema.is_empty(empty)
    empty.close()


def test_the_description_names_every_call_of_the_api(app):
    """No call of the participant's page or of the desk's API is missing from the OpenAPI document."""
    described = app.test_client().get("/openapi.json").json["paths"]
    served = {
        rule.rule.replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith(("api.", "desk_api.", "hook."))
    }

    assert set(described) == served


def test_the_probe_waits_for_nobody(created, settings):
    """The folder of the database is where the free space is counted."""
    assert health.Watch(settings, created).free_mb() > 0
    assert Path(created.engine.url.database).is_file()
