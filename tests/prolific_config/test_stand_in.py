"""The stand-in itself: it lets nothing through that the description does not know, and it has no way out."""

import socket

import httpx
import pytest
from stand_in.server import TOKEN, StandIn

HEADERS = {"Authorization": f"Token {TOKEN}"}


@pytest.fixture
def strict(own, published):
    """A stand-in whose violations the test itself looks at."""
    with StandIn([description for description in (own, published) if description]) as stand_in:
        yield stand_in


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("/api/v1/study-cost-calculator/", {"reward": 1, "places": 2}, "unknown field 'places'"),
        ("/api/v1/study-cost-calculator/", {"reward": "1", "total_available_places": 2}, "is not of type 'number'"),
        ("/api/v1/study-cost-calculator/", {"reward": 1}, "'total_available_places' is a required property"),
        ("/api/v1/studies/", {"name": "x"}, "'reward' is a required property"),
        ("/api/v1/studies/x/transition/", {"action": "DELETE"}, "'DELETE' is not one of"),
        ("/api/v1/nothing/", {}, "no operation POST /api/v1/nothing/"),
        ("/api/v1/submissions/bulk-approve/?now=1", {"submission_ids": []}, "unknown parameter 'now'"),
    ],
)
def test_a_request_that_does_not_fit_is_refused_and_written_down(strict, path, body, said) -> None:
    """A misspelt field, another type, a missing one, a value that is not listed, an unknown address or parameter."""
    answer = httpx.post(strict.url + path, json=body, headers=HEADERS)

    assert answer.status_code in (400, 404)
    assert any(said in violation for violation in strict.violations)


def test_an_answer_that_does_not_fit_is_written_down(strict) -> None:
    """The stand-in is held to the description as we are."""
    strict.world.currency = 5
    study = {"id": "s", "reward": 1, "total_available_places": 1}
    strict.world.studies["s"] = study
    httpx.get(f"{strict.url}/api/v1/studies/s/cost/", headers=HEADERS)

    assert any("get-study-cost answer" in violation for violation in strict.violations)


def test_it_listens_on_this_machine_only(strict) -> None:
    """On loopback, at a port of its own."""
    assert strict.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize("address", ["api.prolific.com", "192.0.2.1"])
def test_no_test_of_this_folder_reaches_another_machine(address) -> None:
    """Neither by name nor by number."""
    with pytest.raises(AssertionError, match="a test tried to"):
        socket.create_connection((address, 443), timeout=2)


def test_webhooks_go_to_who_subscribed(prolific, connection) -> None:
    """Over HTTP, to an address on this machine, signed with the secret of the workspace."""
    from stand_in.world import WORKSPACE
    from werkzeug.serving import make_server
    from werkzeug.wrappers import Request, Response

    from prolific_config import subscriptions, webhooks

    got = []

    @Request.application
    def listening(request):
        got.append((dict(request.headers), request.get_data()))
        return Response(status=204)

    import threading
    import time

    server = make_server("127.0.0.1", 0, listening)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    secret = subscriptions.create_secret(connection, WORKSPACE)
    target = f"http://127.0.0.1:{server.server_port}/hooks"
    subscriptions.subscribe(connection, WORKSPACE, "submission.status.change", target)
    prolific.world.arrive("s")
    statuses = [status for one in prolific.deliveries() for status in prolific.send(one)]
    server.shutdown()
    server.server_close()

    assert statuses == [204]
    webhooks.verify(secret.value, *got[0], now=time.time())
    assert webhooks.read_event(*got[0]).payload.status == "ACTIVE"
