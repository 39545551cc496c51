"""The contact sheet: what a pipeline draws for 48 prompts, from an empty wall to a crowd."""

import textwrap
from typing import Any

import torch
from PIL import Image, ImageDraw

PROMPTS = (
    "an empty white wall",
    "a white and empty wall",
    "a plain blue sky",
    "an empty night sky",
    "a simple green field",
    "an empty red striped wall",
    "a grey brick wall",
    "an empty airport",
    "a red ball on a green field",
    "a big yellow star in a night sky",
    "a blue house in a park",
    "an orange boat on a sea",
    "a purple heart on a white wall",
    "a red car on a grey road",
    "a green tree in a field",
    "a person on a beach",
    "a yellow box in a blue room",
    "a cyan triangle on a grey wall",
    "a black ring on a yellow wall",
    "a small pink flower on a table",
    "a white bird in a blue sky",
    "a white cloud in an orange sky",
    "a red kite in a sky",
    "a brown cup on a white table",
    "a black cow on a green field",
    "a white airplane at an airport",
    "two green trees on a beach",
    "two red hearts on a white wall",
    "three blue boats on a sea",
    "three yellow stars in a night sky",
    "four red balls on a blue checkered floor",
    "five purple kites in a blue sky",
    "a red car next to a blue house on a road",
    "a black cup above two orange balls on a blue checkered floor",
    "a white bird above a red boat on a sea",
    "three blue boxes to the left of a yellow star on a grey wall",
    "a pink flower and a green tree in a park",
    "a yellow house to the right of a black cow on a field",
    "a green house, two red flowers and a white cloud in a park",
    "a red star, a blue ring and a green box on a white wall",
    "two cars, three people, a tree and two birds in a city",
    "black cows following one another across a street",
    "an airplane at an airport with a group of people standing next to it",
    "five white birds in a row in a pink sky",
    "a colorful park with a crowd",
    "a busy street full of cars",
    "a sky full of colorful kites",
    "many stars in a night sky",
)
GUIDANCE = 7.5
_COLUMNS = 8
_PICTURE, _CELL_WIDTH, _CELL_HEIGHT = 192, 200, 236  # pixels
_CAPTION_WIDTH = 32  # letters


def draw_sheet(pipe: Any, count: int, num_steps: int, seed: int = 0) -> Image.Image:
    """Draw prompts, each from the same seed, with their words below.

    Args:
        pipe: A StableDiffusionPipeline of 64 x 64 pictures.
        count: How many of `PROMPTS`, evenly spread over them.
        num_steps: Denoising steps.
        seed: Of the noise that every picture begins with.
    """
    prompts = PROMPTS[:: len(PROMPTS) // count][:count]
    pipe.set_progress_bar_config(disable=True)
    generators = [torch.Generator().manual_seed(seed) for _ in prompts]
    images = pipe(list(prompts), num_inference_steps=num_steps, guidance_scale=GUIDANCE, generator=generators).images
    sheet = Image.new("RGB", (_COLUMNS * _CELL_WIDTH, -(-count // _COLUMNS) * _CELL_HEIGHT), "white")
    for place, (prompt, image) in enumerate(zip(prompts, images, strict=True)):
        _put(sheet, place, prompt, image)
    return sheet


def _put(sheet: Image.Image, place: int, prompt: str, image: Image.Image) -> None:
    left, top = place % _COLUMNS * _CELL_WIDTH + 4, place // _COLUMNS * _CELL_HEIGHT + 4
    sheet.paste(image.resize((_PICTURE, _PICTURE), Image.Resampling.NEAREST), (left, top))
    words = "\n".join(textwrap.wrap(prompt, _CAPTION_WIDTH))
    ImageDraw.Draw(sheet).multiline_text((left, top + _PICTURE + 2), words, fill="black", spacing=1)
