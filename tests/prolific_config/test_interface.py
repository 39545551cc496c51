"""Our description of Prolific's interface against Prolific's own, where that is at hand."""

import pytest
from stand_in.description import Description, alternatives


@pytest.fixture
def theirs(published) -> Description:
    """Prolific's own description, or a skip that says so."""
    if published is None:
        pytest.skip("Prolific's own description is not at hand; set BF_VALIDATION_DATA to its folder")
    return published


def properties(description: Description, schema) -> dict[str, list]:
    """Return the fields of a schema over all its alternatives."""
    found: dict[str, list] = {}
    for alternative in alternatives(description, schema):
        for name, inner in alternative.get("properties", {}).items():
            found.setdefault(name, []).append(inner)
    return found


def unknown(own: Description, ours, theirs: Description, schemas: list, where: str) -> list[str]:
    """Return the fields of our schema that theirs does not have, down to the leaves."""
    known: dict[str, list] = {}
    for schema in schemas:
        for name, inner in properties(theirs, schema).items():
            known.setdefault(name, []).extend(inner)
    found = []
    for name, inner in properties(own, ours).items():
        if name not in known:
            found.append(f"{where}.{name}")
        else:
            found += [f for one in inner for f in unknown(own, one, theirs, known[name], f"{where}.{name}")]
    items = [a["items"] for a in alternatives(own, ours) if "items" in a]
    their_items = [a["items"] for schema in schemas for a in alternatives(theirs, schema) if "items" in a]
    return found + [f for item in items for f in unknown(own, item, theirs, their_items, f"{where}[]")]


def allowed(description: Description, schemas: list) -> set | None:
    """Return the values that schemas list, or none if they take any."""
    lists = [a["enum"] for schema in schemas for a in alternatives(description, schema) if "enum" in a]
    return {value for values in lists for value in values} if lists else None


def test_every_operation_of_ours_is_theirs(own, theirs) -> None:
    """Same id, same method, same address, and query parameters that they have."""
    for operation in own.operations.values():
        their = theirs.operations[operation.id]

        assert (their.method, their.path) == (operation.method, operation.path)
        assert set(operation.parameters) <= set(their.parameters)
        assert set(operation.answers) <= set(their.answers)


def test_every_field_of_ours_is_theirs(own, theirs) -> None:
    """No field of a request or an answer is our invention."""
    found = []
    for operation in own.operations.values():
        their = theirs.operations[operation.id]
        pairs = [(operation.request, their.request)]
        pairs += [(schema, their.answers[status]) for status, schema in operation.answers.items()]
        found += [f for ours, t in pairs if ours for f in unknown(own, ours, theirs, [t], operation.id)]

    assert found == []


def test_what_they_require_of_a_request_we_require(own, theirs) -> None:
    """Ours is no more forgiving than theirs about what may be left out."""
    for operation in own.operations.values():
        if operation.request:
            their = theirs.operations[operation.id].request
            needed = [set(a.get("required", ())) for a in alternatives(theirs, their) if "properties" in a]
            ours = set(own.resolved(operation.request).get("required", ()))

            assert any(required <= ours for required in needed)


@pytest.mark.parametrize("name", ["StudyStatus", "Status"])
def test_statuses_are_spelt_as_theirs(own, theirs, name) -> None:
    """Verbatim, with their spaces and hyphens."""
    their = {"StudyStatus": "StudyStatus", "Status": "SubmissionShortStatus"}[name]

    assert set(own.document["components"]["schemas"][name]["enum"]) == allowed(
        theirs, [theirs.document["components"]["schemas"][their]]
    )


def test_values_that_we_send_are_among_theirs(own, theirs) -> None:
    """Every listed value of a request of ours is listed by them."""
    for ours, their in (
        ("CompletionCode", "CreateStudyCompletionCodesItems"),
        ("StudyTransition", "StudyTransition"),
        ("SubmissionTransition", "SubmissionTransition"),
    ):
        theirs_by_name = properties(theirs, theirs.document["components"]["schemas"][their])
        for name, inner in properties(own, own.document["components"]["schemas"][ours]).items():
            listed = allowed(own, inner)

            assert listed is None or listed <= (allowed(theirs, theirs_by_name[name]) or listed)
