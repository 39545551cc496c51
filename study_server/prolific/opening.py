"""What a command needs: the study of a file as it stands in the database, and the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prolific_config.client import Client
from stimuli.studyfile import read_study_file
from study_server import schema, studies
from study_server.db import Database
from study_server.prolific import asking
from study_server.studies import Material


@contextmanager
def opened(study_file: Path, database: str) -> Iterator[tuple[Database, Client, Material]]:
    """Yield database, client and study, and close both at the end.

    Raises:
        StudyFileError: If the file has a fault.
        UnknownStudyError: If the database has no such study.
        ProlificSettingError: If there is no token.
    """
    name = read_study_file(study_file).study.name
    base = schema.open_database(database)
    try:
        with base.reading() as db:
            material = studies.read_material(db, name)
        client = asking.client()
        try:
            yield base, client, material
        finally:
            client.connection.close()
    finally:
        base.close()
