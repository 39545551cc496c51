"""The answer to: do participants and prompts differ, and do people agree."""

from analysis import model_plots
from analysis.document import Block, Bullets, Picture, Table, Text, column, spans
from analysis.findings import Findings
from analysis.rounding import number, p_value, percent


def spread_blocks(found: Findings) -> tuple[Block, ...]:
    """Return how much participants and prompts differ, and how far people agree."""
    fitted, table = found.betabinomial, found.reliability
    words = [
        f"**Overdispersion** φ = {number(found.phi, otherwise=2)} (1: participants differ only by chance).",
        f"**Beta-binomial** of participants: μ = {percent(fitted.mu, fitted.mu_se)} %, γ = "
        f"{number(fitted.gamma, fitted.gamma_se, 2)} (SE {number(fitted.gamma_se, fitted.gamma_se)}), likelihood ratio "
        f"{number(fitted.likelihood_ratio)}, {p_value(fitted.p_value)}.",
    ]
    agreement = Table(
        "reliability",
        "How far participants agree about prompts.",
        (
            column("measure", table["measure"]),
            column("value", table["value"], lambda v: number(v, otherwise=2)),
            spans(f"{100 * found.level:g} % interval", table, 1),
            column("meaning", table["meaning"]),
        ),
        table,
    )
    if found.model is None:
        return Bullets(tuple(words)), Text("No mixed model could be fitted to these choices.", "note"), agreement
    drawn = model_plots.caterpillar(found.model, found.compare)
    caption = (
        f"Each participant and each prompt in the mixed model with crossed intercepts: conditional mode with "
        f"{100 * found.level:g} % interval, blue where it excludes the mean."
    )
    fixed = found.model.fixed.iloc[0]
    words.append(
        f"**Mixed model** (logit, conditional on a typical participant and prompt): "
        f"{number(fixed['estimate'], fixed['se'])} log-odds (SE {number(fixed['se'], fixed['se'])}), log-likelihood "
        f"{found.model.log_likelihood:.2f}."
    )
    return Bullets(tuple(words)), Picture("caterpillar", *drawn, caption, "Caterpillar plot."), agreement
