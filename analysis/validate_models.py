"""lme4's fits of its own data and of the DynaVect study, computed again: rows of `analysis.validate`."""

from pathlib import Path

import pandas as pd

from analysis.glmm import Glmm, fit
from analysis.validate_rates import DYNAVECT, GLOBAL, OPTIMIZER, dynavect

VERBAGG, CBPP = "lme4_VerbAgg.csv", "lme4_cbpp.csv"


def _dynavect(path: Path, baseline: str | None = None, *, side: bool = False) -> Glmm:
    trials = dynavect(path, baseline)
    groups = {name: trials[name].tolist() for name in ("participant", "prompt")}
    return fit(trials["selected"].to_numpy(float), {"side": 2 * trials["side"].to_numpy()} if side else {}, groups)


def _verbagg(path: Path, *names: str) -> Glmm:
    frame = pd.read_csv(path)
    fixed = {"Anger": frame["Anger"].to_numpy(float)} if names else {}
    for name, levels in {"Gender": "M", "btype": ("scold", "shout"), "situ": "self", "mode": "do"}.items():
        for level in (levels if isinstance(levels, tuple) else (levels,)) if name in names else ():
            fixed[f"{name}{level}"] = (frame[name] == level).to_numpy(float)
    return fit(
        (frame["r2"] == "Y").to_numpy(float), fixed, {"id": frame["id"].tolist(), "item": frame["item"].tolist()}
    )


def _cbpp(path: Path) -> Glmm:
    frame = pd.read_csv(path)
    periods = {f"period{k}": (frame["period"] == k).to_numpy(float) for k in (2, 3, 4)}
    return fit(
        frame["incidence"].to_numpy(float),
        periods,
        {"herd": frame["herd"].tolist()},
        trials=frame["size"].to_numpy(float),
    )


def _estimates(model: Glmm, *terms: str) -> tuple[float, ...]:
    """Return the fixed effects, then the standard deviations of the terms."""
    return (*model.fixed["estimate"], *(float(model.random.set_index("term").loc[term, "sd"]) for term in terms))


def _first_two(model: Glmm) -> tuple[float, ...]:
    return float(model.fixed["estimate"].iloc[0]), float(model.fixed["se"].iloc[0])


ALL = ("Anger", "Gender", "btype", "situ", "mode")
PEOPLE = ("participant", "prompt")
MODELS = (
    ("A3", "DynaVect, all: b, SD of people, of items", DYNAVECT, (0.42309, 0.75358, 0.40855), 1e-3,
     lambda path: _estimates(_dynavect(path), *PEOPLE)),
    ("A3", "DynaVect, all: log-likelihood", DYNAVECT, (-1994.352,), 1e-2,
     lambda path: (_dynavect(path).log_likelihood,)),
    ("A3", "DynaVect v Optimizer: b, SDs", DYNAVECT, (0.3934, 0.6310, 0.4924), 1e-3,
     lambda path: _estimates(_dynavect(path, OPTIMIZER), *PEOPLE)),
    ("A3", "DynaVect v Global: b, SDs", DYNAVECT, (0.4611, 0.8124, 0.2827), 1e-3,
     lambda path: _estimates(_dynavect(path, GLOBAL), *PEOPLE)),
    ("A3", "DynaVect v Optimizer: b, SE", DYNAVECT, (0.3934, 0.1359), 1e-3,
     lambda path: _first_two(_dynavect(path, OPTIMIZER))),
    ("A3", "DynaVect v Optimizer: b, side", DYNAVECT, (0.3897, -0.1010), 1e-3,
     lambda path: _estimates(_dynavect(path, OPTIMIZER, side=True))),
    ("A3", "DynaVect v Global: b, side", DYNAVECT, (0.4712, -0.0575), 1e-3,
     lambda path: _estimates(_dynavect(path, GLOBAL, side=True))),
    ("D1", "VerbAgg: log-likelihood", VERBAGG, (-4101.549,), 1e-2, lambda path: (_verbagg(path).log_likelihood,)),
    ("D1", "VerbAgg: b, SD of persons, of items", VERBAGG, (-0.16261, 1.37334, 1.12949), 1e-3,
     lambda path: _estimates(_verbagg(path), "id", "item")),
    ("D1", "VerbAgg: b, SE", VERBAGG, (-0.16261, 0.24504), 1e-3, lambda path: _first_two(_verbagg(path))),
    ("D1", "VerbAgg, 7 effects: b, SDs", VERBAGG,
     (0.55347, 0.05739, 0.32069, -1.05954, -2.10325, -1.05400, -0.70681, 1.33893, 0.34222), 1e-3,
     lambda path: _estimates(_verbagg(path, *ALL), "id", "item")),
    ("D1", "cbpp: log-likelihood", CBPP, (-92.0266,), 1e-2, lambda path: (_cbpp(path).log_likelihood,)),
    ("D1", "cbpp: b, SD of herds", CBPP, (-1.3983, -0.9919, -1.1282, -1.5797, 0.6421), 1e-3,
     lambda path: _estimates(_cbpp(path), "herd")),
    ("D1", "cbpp: SEs by the Hessian", CBPP, (0.2324733, 0.3066413, 0.3266372, 0.4274372), 1e-5,
     lambda path: tuple(_cbpp(path).fixed["se"])),
)  # fmt: skip
"""Arguments of `analysis.validate.Check`.

lme4's help page prints other SEs for cbpp (.2312, .3032, .3228, .4220): they are second differences of a deviance whose
inner search stops early (github.com/lme4/lme4/issues/998). Those here are lme4's Hessian SEs (nAGQ = 1) as the worked
examples of the package fastglmm quote them.
"""
