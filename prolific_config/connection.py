"""One HTTP connection to Prolific: the token, patience, and foreign errors mapped to ours at one border.

What may be repeated is decided for each request. Reading always; a change that is the same when done twice, too; a
change that is not, only while Prolific says it did not take it (HTTP 429) or never heard it; a payment never.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from prolific_config.errors import (
    AnswerError,
    NotThereError,
    ProlificAwayError,
    ProlificBusyError,
    ProlificError,
    RequestRefusedError,
    TokenRefusedError,
    UnknownOutcomeError,
)

PROLIFIC = "https://api.prolific.com"
ATTEMPTS = 5
LONGEST_WAIT_S = 60.0
TIMEOUT_S = 30.0

Repeat = Literal["always", "refused", "never"]
"""When a request is sent again: after any passing fault; only if it was not taken; not at all."""

T = TypeVar("T", bound=BaseModel)


class Connection:
    """Sends requests and returns JSON.

    Args:
        token: With full rights over the account, so it is shown nowhere; none: for what is said to everybody.
        base_url: Prolific, or a stand-in on loopback.
        attempts: How often a request is sent at most; fewer where somebody waits for a page.
        sleep: Waits so many seconds between attempts.
    """

    def __init__(
        self,
        token: str | None,
        base_url: str = PROLIFIC,
        *,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts, self._sleep = attempts, sleep
        headers = {"Authorization": f"Token {token}"} if token is not None else {}
        self._http = httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def call(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        repeat: Repeat,
        body: Any = None,
        params: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Send a request, as often as it may be, and return the answer to one that was taken.

        Args:
            operation: What it is called in errors.
            method: Of HTTP.
            path: Below the base address.
            repeat: When it may be sent again.
            body: Sent as JSON.
            params: Of the query.

        Raises:
            TokenRefusedError: On 401 and 403.
            NotThereError: On 404.
            RequestRefusedError: On any other 4xx, with Prolific's reason.
            ProlificBusyError: On 429, after as many attempts as are allowed.
            ProlificAwayError: If Prolific does not answer and nothing was changed.
            UnknownOutcomeError: If it broke off and must not be repeated.
        """
        again = {
            "always": (ProlificBusyError, ProlificAwayError, UnknownOutcomeError),
            "refused": (ProlificBusyError, ProlificAwayError),
            "never": (),
        }[repeat]
        retrying = Retrying(
            retry=retry_if_exception_type(again),
            stop=stop_after_attempt(self._attempts),
            wait=_wait,
            sleep=self._sleep,
            reraise=True,
        )
        return retrying(self._send, operation, method, path, body, params)

    def pages(self, operation: str, path: str, params: dict[str, Any], model: type[T]) -> Iterator[T]:
        """Yield the results of every page of a list; a page past the end (404) is its end.

        Only the query of the link to the next page is followed: the token goes nowhere else.
        """
        query: dict[str, Any] | None = params
        is_first = True
        while query is not None:
            try:
                answer = self.call(operation, "GET", path, params=query, repeat="always")
            except NotThereError:
                if is_first:
                    raise
                return
            page = body_of(operation, answer)
            yield from _records(operation, page, model)
            following, is_first = _next(page), False
            query = {**params, **following} if following else None

    def _send(self, operation: str, method: str, path: str, body: Any, params: dict[str, Any] | None) -> httpx.Response:
        try:
            answer = self._http.request(method, path, json=body, params=params)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise ProlificAwayError(operation, type(error).__name__) from error  # it was never sent
        except httpx.TransportError as error:
            raise _broken(operation, method, type(error).__name__) from error
        if not answer.is_success:
            raise _error(operation, method, path, answer)
        return answer


def parse(operation: str, answer: httpx.Response, model: type[T]) -> T:
    """Return an answer as a record.

    Raises:
        AnswerError: If a field is missing or of another kind; names it.
    """
    record: T = _validated(operation, TypeAdapter(model), body_of(operation, answer))
    return record


def parse_list(operation: str, answer: httpx.Response, model: type[T]) -> list[T]:
    """Return the `results` of an answer as records.

    Raises:
        AnswerError: If a field is missing or of another kind; names it.
    """
    return _records(operation, body_of(operation, answer), model)


def _records(operation: str, page: Any, model: type[T]) -> list[T]:
    if not isinstance(page, dict) or "results" not in page:
        raise AnswerError(operation, "results", "is missing")
    records: list[T] = _validated(operation, TypeAdapter(list[model]), page["results"])  # type: ignore[valid-type]
    return records


def _validated(operation: str, adapter: TypeAdapter[Any], value: Any) -> Any:
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        fault = error.errors()[0]
        reason = "is missing" if fault["type"] == "missing" else fault["msg"]
        raise AnswerError(operation, ".".join(map(str, fault["loc"])), reason) from error


def body_of(operation: str, answer: httpx.Response) -> Any:
    """Return what an answer holds.

    Raises:
        AnswerError: If it is not JSON.
    """
    try:
        return answer.json()
    except ValueError as error:
        raise AnswerError(operation, "", f"not JSON but {answer.headers.get('content-type', 'nothing')}") from error


def _next(page: Any) -> dict[str, Any] | None:
    link = ((page.get("_links") or {}).get("next") or {}).get("href")
    return dict(parse_qsl(urlsplit(link).query)) if link else None


def _error(operation: str, method: str, path: str, answer: httpx.Response) -> ProlificError:
    status = answer.status_code
    if status in (401, 403):
        return TokenRefusedError(operation, status)
    if status == 404:
        return NotThereError(operation, path)
    if status == 429:
        asked = answer.headers.get("retry-after", "")
        return ProlificBusyError(operation, float(asked) if asked.isdecimal() else 0.0)
    if status >= 500:
        return _broken(operation, method, f"HTTP {status}")
    return RequestRefusedError(operation, status, _reason(answer))


def _broken(operation: str, method: str, reason: str) -> ProlificError:
    return ProlificAwayError(operation, reason) if method == "GET" else UnknownOutcomeError(operation, reason)


def _wait(state: RetryCallState) -> float:
    """Return seconds to wait: exponential with full jitter, and never less than Prolific asks for."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.wait_s if isinstance(error, ProlificBusyError) else 0.0
    return min(max(wait_random_exponential(max=LONGEST_WAIT_S)(state), asked), LONGEST_WAIT_S)


def _reason(answer: httpx.Response) -> str:
    """Return Prolific's reason in one line; its errors come wrapped or bare, their detail as text, list or object."""
    try:
        body = answer.json()
    except ValueError:
        return "no reason given"
    error = body.get("error", body) if isinstance(body, dict) else body
    if not isinstance(error, dict):
        return " ".join(str(error).split())[:500]
    words = [str(error[key]) for key in ("title", "detail", "additional_information") if error.get(key)]
    return " ".join("; ".join(words).split())[:500] or "no reason given"
