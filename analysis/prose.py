"""Sentences that are made from results and from the plan: the headline, APA sentences, the methods paragraph."""

import numpy as np

from analysis import rounding
from analysis.findings import Findings
from analysis.jnd import d_prime, jnd, jnd_interval, rate
from analysis.plan import AnalysisPlan
from analysis.rates import Rate


def headline(found: Findings) -> str:
    """Return the number that carries the verdict, with its interval, in one sentence."""
    first, second = found.compare
    pooled = found.kept.pooled
    mean = rounding.percent(pooled.mean, pooled.interval.half_width)
    ends = rounding.span(pooled.interval.low, pooled.interval.high, 100)
    who = "SIMULATED observers" if found.simulated else "participants"
    n = f"{found.kept.n_participants} {who}, {found.kept.n_prompts} prompts"
    return f"{first} was chosen over {second} in {mean} % of trials ({100 * found.level:g} % CI {ends} %; {n})."


def apa(found: Findings) -> tuple[str, ...]:
    """Return the results as sentences for a paper, in the form of the APA's reporting standards."""
    first, second = found.compare
    who = "SIMULATED observers" if found.simulated else "participants"
    rate_found, ends = found.kept.pooled, found.kept.pooled.interval
    test = _test(found.kept)
    mean = rounding.percent(rate_found.mean, ends.half_width)
    distance = jnd_interval(ends)
    sentences = [
        f"{found.kept.n_participants} of {found.flow.found} {who} entered the analysis "
        f"({found.kept.n_choices} choices about {found.kept.n_prompts} prompts).",
        f"{first} was chosen over {second} on {mean} % of trials (SD between {who} "
        f"{rounding.percent(found.kept.sd)} percentage points, SE "
        f"{rounding.percent(rate_found.se, rate_found.se)}, {100 * found.level:g} % CI "
        f"{rounding.span(ends.low, ends.high, 100)}, {ends.estimator}, {test}), d′ = "
        f"{rounding.number(d_prime(rate_found.mean), otherwise=2)}, "
        f"{rounding.number(jnd(rate_found.mean), otherwise=2)} JND {rounding.span(distance.low, distance.high)}.",
        f"Choices of one participant were {_alike(found)} (φ = {rounding.number(found.phi, otherwise=2)}).",
    ]
    words = {"yes": "holds", "no": "does not hold", "undecided": "is undecided"}
    sentences += [
        f"That {row.claim} {words[row.holds]} (null: {row.null}; t({row.df:.0f}) = "
        f"{rounding.number(row.t, otherwise=2)}, one-sided {rounding.p_value(row.p_value)})."
        for row in found.verdict.tests.itertuples()
        if np.isfinite(row.t)
    ]
    return tuple(sentences)


def methods(plan: AnalysisPlan) -> tuple[str, ...]:
    """Return the methods paragraph that follows from a plan."""
    rules, level = plan.rules, 100 * plan.level
    both = len(plan.clusters) > 1
    ties = "left out" if rules.ties == "drop" else "counted one half for each condition"
    sandwich = (
        "Its variance treats participants and prompts as crossed clusters (Cameron, Gelbach and Miller 2011: "
        "V of participants + V of prompts − V of cells, each with G/(G − 1), never less than the larger of the first "
        "two), with t on min(G participants, G prompts) − 1 degrees of freedom, so it speaks of new participants and "
        "new prompts."
        if both
        else "Its variance treats participants as clusters, with t on G − 1 degrees of freedom; it speaks of new "
        "participants and of these prompts alone."
    )
    flags = f" Trials flagged {', '.join(rules.drop_flags)} were left out." if rules.drop_flags else ""
    return (
        "In each trial two images of one prompt were compared. A main trial answered left or right counts; practice, "
        f"catch, repeated and identical trials do not; ties were {ties}, skips left out. The selection rate is the "
        f"mean over choices. {sandwich} Intervals have level {level:g} %.",
        "Participants were excluded, blind to condition and in this order, for fewer than "
        f"{rules.min_main_trials} main trials, catch accuracy below {100 * rules.min_catch_accuracy:g} %, a median "
        f"response below {rules.min_median_rt_ms:g} ms, or one side in more than {100 * rules.max_one_side:g} % of "
        f"main trials. Only a participant's first session counts.{flags} The result with everybody stands beside.",
        "Claims are one-sided at half of alpha and from the same standard error: chosen more often (null 50 %); not "
        f"worse, that is less than {rules.margin_jnd:g} JND below (null {100 * rate(-rules.margin_jnd):.1f} %); equal, "
        f"that is less than {rules.equivalence_jnd:g} JND apart (two one-sided tests). The first two nulls are nested. "
        "Answers without looking pull every rate to 50 %, so the margins of the last two "
        "move towards 50 % by the upper bound on the lapse rate: twice the upper Clopper–Pearson end of the catch "
        "misses of everybody, with the effective number of trials (Korn and Graubard 1998).",
        "A rate p is Φ⁻¹(p)/0.67449 JND and d′ = √2 Φ⁻¹(p) (Thurstone, case V); ends of intervals are transformed. "
        "The mixed models have crossed random intercepts of participants and prompts and a logit link, by maximum "
        "likelihood under Laplace’s approximation; marginal rates average over the random effects. Rates of single "
        "participants and prompts are given with Wilson’s interval and shrunk under a beta-binomial. "
        f"Bootstraps have {rules.replicates} replicates and seed {rules.seed}.",
    )


def _test(found: Rate) -> str:
    if not np.isfinite(found.t):
        return "no test, as no cluster varied"
    t = rounding.number(found.t, otherwise=2)
    return f"t({found.pooled.interval.df}) = {t}, {rounding.p_value(found.p_value)}"


def _alike(found: Findings) -> str:
    fitted = found.betabinomial
    if not np.isfinite(fitted.gamma):
        return "all the same, or from one participant"
    if fitted.gamma == 0:
        return "no more alike than by chance"
    gamma = rounding.number(fitted.gamma, fitted.gamma_se)
    ratio = rounding.number(fitted.likelihood_ratio, otherwise=1)
    return f"alike: beta-binomial γ = {gamma}, χ²(1) = {ratio}, {rounding.p_value(fitted.p_value)}"
