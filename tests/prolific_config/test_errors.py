"""Every error of the package says found, expected and do this, and crosses a process border."""

import inspect
import pickle

import pytest

from prolific_config import errors

SAMPLES = {
    str: "x", int: 1, float: 1.0, tuple[str, ...]: ("x.",),
}  # fmt: skip
CLASSES = [found for _, found in inspect.getmembers(errors, inspect.isclass) if issubclass(found, errors.ProlificError)]


@pytest.mark.parametrize("error", [found for found in CLASSES if found is not errors.ProlificError])
def test_an_error_says_what_to_do_in_one_line(error) -> None:
    """At least two sentences, no line break, the same after pickling."""
    parameters = list(inspect.signature(error.__init__).parameters.values())[1:]
    made = error(*(SAMPLES[parameter.annotation] for parameter in parameters))

    assert "\n" not in str(made)
    assert str(made).count(". ") + str(made).count(": ") >= 1
    assert str(made).endswith((".", "..."))
    assert str(pickle.loads(pickle.dumps(made))) == str(made)  # noqa: S301 - our own bytes
