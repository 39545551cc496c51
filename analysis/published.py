"""What the two papers print, quoted: never found here, and about other models and other images.

Source:
    arXiv:2412.05780 (BudgetFusion), Tables 1 and 2, Figure 8, sections 4.2 and 4.3; for StepSaver (arXiv:2408.02054)
    the table of its follow-up arXiv:2411.00853, Figure 4, at second hand.
"""

TABLE_1 = {
    "paper": {"l_snr": 0.026, "d_sim": 0.037, "i_clip": 0.031},
    "without-t": {"l_snr": 0.059, "d_sim": 0.239, "i_clip": 0.134},
    "mlp-tanh": {"l_snr": 0.068, "d_sim": 0.241, "i_clip": 0.137},
}
"""Mean absolute error of the predictor by variant (as the prediction table names it) and metric."""

TABLE_2: dict[str, dict[str, tuple[float, float | None]]] = {
    "OURS": {"sharpness": (0.46, 1.3e-2), "sameness": (1.38, 1.1e-2), "meaning": (1.48, 1.2e-2)},
    "UNIFORM": {"sharpness": (0.42, 2.0e-3), "sameness": (1.28, 1.8e-3), "meaning": (1.36, 1.7e-3)},
    "REFERENCE": {"sharpness": (0.25, None), "sameness": (0.25, None), "meaning": (0.25, None)},
    "DDIM": {"sharpness": (0.41, 2.1e-3), "sameness": (1.17, 2.5e-3), "meaning": (1.32, 2.0e-3)},
    "DEEPCACHE": {"sharpness": (0.43, 2.0e-3), "sameness": (1.27, 1.8e-3), "meaning": (1.35, 1.7e-3)},
    "DISTRIFUSION": {"sharpness": (0.44, 2.1e-3), "sameness": (0.87, 3.1e-3), "meaning": (1.22, 2.6e-3)},
    "EULER-ANCESTRAL": {"sharpness": (0.38, 1.8e-3), "sameness": (1.0, 2.6e-3), "meaning": (1.26, 2.4e-3)},
}
"""Quality per TFLOP in 1e-2, mean and standard error, by rule and quality."""

GAIN = {"sharpness": (0.066, 0.008), "sameness": (0.084, 0.009), "meaning": (0.087, 0.009)}
"""Equation 9, OURS over UNIFORM: mean and what the paper calls '±', by quality."""

SECONDS = {"OURS": (2.89, 0.87), "REFERENCE": (8.00, 0.039)}
"""Figure 8b: seconds for an image on an RTX 3090, mean and what the paper calls '±'."""

INCEPTION = {"OURS": 27.9, "UNIFORM": 27.9, "REFERENCE": 28.7}
"""Inception Scores; the number of images and of splits is not given."""

STEPSAVER = {
    "FIXED-30": (1.72, 50.67),
    "FIXED-50": (2.85, 50.10),
    "FIXED-100": (5.64, 48.13),
    "RECOMMENDED": (1.89, 48.69),
}
"""Hours for 2,757 images, and their FID."""
