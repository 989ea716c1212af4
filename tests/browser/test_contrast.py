"""WCAG AA of the tokens: text against what it stands on, in both themes.

OKLCH → linear sRGB: B. Ottosson, "A perceptual color space for image processing" (2020).
Relative luminance and contrast: WCAG 2.2, definitions.
"""

import math
import re

import pytest

from exchange.pipeline.servers import PROJECT

TEXT_CONTRAST_MIN = 4.5
SHAPE_CONTRAST_MIN = 3.0

_TOKEN = re.compile(r"--([\w-]+): light-dark\(oklch\(([^)]*)\), oklch\(([^)]*)\)\)")
_CSS = (PROJECT / "static" / "css" / "tokens.css").read_text()
TOKENS = {
    name: {"light": light.split(), "dark": dark.split()}
    for name, light, dark in _TOKEN.findall(_CSS)
}

themes = pytest.mark.parametrize("theme", ["light", "dark"])


@themes
@pytest.mark.parametrize("ground", ["ground", "panel", "raised"])
@pytest.mark.parametrize(
    "text", ["text", "quiet", "faint", "accent", "buy", "sell", "warn", "liquidation"]
)
def test_text_is_legible_on_every_ground(text: str, ground: str, theme: str) -> None:
    assert contrast(text, ground, theme) >= TEXT_CONTRAST_MIN


@themes
@pytest.mark.parametrize(
    ("text", "fill"),
    [("on-buy", "buy-fill"), ("on-sell", "sell-fill"), ("on-accent", "accent")],
)
def test_words_on_filled_buttons_are_legible(text: str, fill: str, theme: str) -> None:
    assert contrast(text, fill, theme) >= TEXT_CONTRAST_MIN


@themes
@pytest.mark.parametrize("fill", ["buy-fill", "sell-fill", "accent"])
def test_filled_shapes_stand_out_from_the_panel(fill: str, theme: str) -> None:
    assert contrast(fill, "panel", theme) >= SHAPE_CONTRAST_MIN


def contrast(first: str, second: str, theme: str) -> float:
    lighter, darker = sorted(
        (luminance(TOKENS[name][theme]) for name in (first, second)), reverse=True
    )
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: list[str]) -> float:
    lightness, chroma, *rest = (float(part) for part in colour)
    hue = math.radians(rest[0] if rest else 0.0)
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    inside = (min(1.0, max(0.0, part)) for part in (red, green, blue))
    return sum(
        weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), inside, strict=True)
    )
