"""How numbers are printed: two significant digits of the error, everywhere the same."""

import math

MISSING = "–"
NO_ERROR = 1e-9
"""An error below this is the arithmetic's, not the data's."""


def decimals(error: float, otherwise: int = 1) -> int:
    """Return how many decimals show two significant digits of `error`; `otherwise` where there is no error."""
    if not math.isfinite(error) or error < NO_ERROR:
        return otherwise
    return min(8, max(0, 1 - math.floor(math.log10(error))))


def number(value: float, error: float = math.nan, otherwise: int = 1) -> str:
    """Return a number rounded by its error, with a true minus sign and never a negative zero."""
    if not math.isfinite(value):
        return MISSING
    text = f"{value:.{decimals(error, otherwise)}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def percent(value: float, error: float = math.nan) -> str:
    """Return a proportion in percent, without the sign, rounded by its error."""
    return number(100 * value, 100 * error)


def signed(text: str) -> str:
    """Return a printed number with its plus sign; zero has none."""
    return f"+{text}" if text[0].isdigit() and float(text) else text


def plus_minus(value: float, error: float, otherwise: int = 2) -> str:
    """Return 'value ± error', or the value alone where there is no error."""
    if not math.isfinite(error) or error < NO_ERROR:
        return number(value, otherwise=otherwise)
    return f"{number(value, error)} ± {number(error, error)}"


def span(low: float, high: float, scale: float = 1.0) -> str:
    """Return '[low, high]', both times `scale`, rounded by the half-width."""
    half = scale * (high - low) / 2
    if half < NO_ERROR:
        return "no spread"
    if not (math.isfinite(low) and math.isfinite(high)):
        return "not estimable" if math.isnan(low + high) else f"[{_end(low * scale)}, {_end(high * scale)}]"
    return f"[{number(scale * low, half)}, {number(scale * high, half)}]"


def p_value(p: float) -> str:
    """Return 'p = .012' or 'p < .001' (APA)."""
    if not math.isfinite(p):
        return f"p = {MISSING}"
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".")


def _end(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else ("∞" if value > 0 else "−∞")
