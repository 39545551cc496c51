"""The declared rules in words, as the desk and a preregistration say them."""

from stimuli.studyfile import StudyFile
from study_server.quality import ENOUGH_CATCHES, ENOUGH_FOR_A_SIDE, ENOUGH_REPEATS


def declared(study: StudyFile) -> dict[str, tuple[str, str]]:
    """Return of each mark the rule in words, and the key of the study file that says it."""
    rules, least = study.quality, study.analysis.min_catch_accuracy
    band = f"outside the binomial {100 * rules.side_band:g} % band"
    fast = f"more than {100 * rules.max_fast_share:g} % of main trials below {rules.fast_ms:g} ms"
    equal = f"fewer than {100 * rules.min_repeat_consistency:g} % of repeats answered equally"
    return {
        "q-catch": (
            f"fewer than {100 * least:g} % of catch trials right, of {ENOUGH_CATCHES} or more",
            "[analysis] min_catch_accuracy",
        ),
        "q-repeats": (f"{equal}, of {ENOUGH_REPEATS} or more", "[quality] min_repeat_consistency"),
        "q-side": (f"left answers {band}, of {ENOUGH_FOR_A_SIDE} or more", "[quality] side_band"),
        "q-fast": (fast, "[quality] max_fast_share, fast_ms"),
        "q-run": (f"more than {rules.max_run} answers in a row on one side", "[quality] max_run"),
        "q-focus": (f"page hidden more than {rules.max_focus_losses} times", "[quality] max_focus_losses"),
        "q-zoom": (f"window or zoom changed more than {rules.max_zoom_changes} times", "[quality] max_zoom_changes"),
    }


def excluding(study: StudyFile) -> list[str]:
    """Return the rules by which the analysis leaves participants out, in words."""
    analysis = study.analysis
    marked = [flag for flag in analysis.drop_flags if flag.startswith("q-")]
    return [
        f"fewer than {analysis.min_main_trials} main trials",
        f"catch accuracy below {100 * analysis.min_catch_accuracy:g} %",
        f"median response below {analysis.min_median_rt_ms:g} ms",
        f"one side in more than {100 * analysis.max_one_side:g} % of main trials",
        *(f"mark {mark} (in drop_flags)" for mark in marked),
    ]
