"""From a study file to the study that we ask Prolific to make, and what has changed since."""

import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from prolific_config.codes import completion_codes
from prolific_config.errors import ProlificSettingError
from prolific_config.models import Draft, SelectFilter, Study, SubmissionsConfig
from prolific_config.table import ProlificTable
from stimuli.studyfile import StudyFile

PARAMETERS = "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
"""Prolific replaces each of these on a participant's way to us; SESSION_ID is the submission's id."""

COMPLETE = "https://app.prolific.com/submissions/complete?cc="
LOOPBACK = ("localhost", "127.0.0.1", "::1")

Change = tuple[object, object]


def study_url(public_url: str, name: str) -> str:
    """Return the address of a study as Prolific wants it, to paste for those who publish by hand.

    Args:
        public_url: Where participants reach the server, e.g. 'https://lab.example'.
        name: The study's.

    Raises:
        ProlificSettingError: If it is not an https address without a query.
    """
    parts = urlsplit(public_url)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not is_safe or not parts.hostname or parts.query or parts.fragment:
        raise ProlificSettingError("PUBLIC_URL", f"'{public_url}'", "an address such as https://lab.example")
    return f"{public_url.rstrip('/')}/s/{name}?{PARAMETERS}"


def completion_url(code: str) -> str:
    """Return the address that ends a participant's submission with a code."""
    return COMPLETE + code


def internal_name(name: str) -> str:
    """Return the name by which we know our study again on Prolific; participants never see it."""
    return f"budgetfusion:{name}"


def draft(study: StudyFile, table: ProlificTable, codes: Mapping[str, str], public_url: str) -> Draft:
    """Return the study that Prolific shall make.

    Args:
        study: The study file.
        table: Its `[prolific]`.
        codes: The completion code of each outcome.
        public_url: Where participants reach the server.

    Raises:
        CodesError: If the codes do not fit.
        ProlificSettingError: If the address is not one that participants can safely use.
    """
    return Draft(
        name=table.name,
        internal_name=internal_name(study.study.name),
        description=table.description,
        external_study_url=study_url(public_url, study.study.name),
        completion_codes=completion_codes(codes, table),
        total_available_places=places(study, table),
        estimated_completion_time=table.minutes,
        maximum_allowed_time=table.maximum_minutes,
        reward=table.reward_money.cents,
        device_compatibility=table.devices,
        filters=(*table.filters, *_blocklist(table)),
        project=table.project,
        submissions_config=SubmissionsConfig(max_concurrent_submissions=table.at_once or -1),
        study_labels=(table.label,) if table.label else None,
        metadata=json.dumps({"study": study.study.name, "study_digest": study.study_digest}),
        is_external_study_url_secure=True if table.entry_token != "off" else None,  # noqa: S105 - a mode, no secret
    )


def places(study: StudyFile, table: ProlificTable) -> int:
    """Return how many people shall come: `places`, or else the places of the design."""
    return table.places or study.design.participants


def changes(wanted: Draft, there: Study) -> dict[str, Change]:
    """Return what differs between the file and the study on Prolific, as (there, wanted) by field.

    Filters are not compared, for Prolific gives them back in another form; a draft gets ours again in any case.
    """
    pairs: dict[str, Change] = {
        "name": (there.name, wanted.name),
        "description": (_words(there.description), _words(wanted.description)),
        "external_study_url": (there.external_study_url, wanted.external_study_url),
        "estimated_completion_time": (there.estimated_completion_time, wanted.estimated_completion_time),
        "reward": (there.reward, wanted.reward),
        "total_available_places": (there.total_available_places, wanted.total_available_places),
        "device_compatibility": (set(there.device_compatibility), set(wanted.device_compatibility)),
        "completion_codes": (
            {code.get("code") for code in there.completion_codes},
            {code.code for code in wanted.completion_codes},
        ),
        "metadata": (there.metadata, wanted.metadata),
    }
    if wanted.maximum_allowed_time is not None:
        pairs["maximum_allowed_time"] = (there.maximum_allowed_time, wanted.maximum_allowed_time)
    return {field: pair for field, pair in pairs.items() if pair[0] != pair[1]}


def _blocklist(table: ProlificTable) -> tuple[SelectFilter, ...]:
    """Return the filter that keeps out who took part in an earlier study."""
    if not table.exclude_groups:
        return ()
    return (SelectFilter(filter_id="participant_group_blocklist", selected_values=table.exclude_groups),)


def _words(text: str) -> str:
    return " ".join(text.split())
