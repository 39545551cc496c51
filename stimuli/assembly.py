"""From planned items and stored images to the manifest: the same whoever made the images, where and in which order."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from stimuli.drawn import blocks, card
from stimuli.errors import NotImportedError, UnequalSizesError
from stimuli.index import ImageIndex, StoredImage
from stimuli.manifest import Item, Manifest, Renderer, Stimulus
from stimuli.plan import PlannedItem, PlannedStimulus, Recipe, recipes_of, refuse_equal
from stimuli.prompts import origin
from stimuli.store import Store
from stimuli.studyfile import StudyFile

Images = Mapping[Recipe, StoredImage]


def find_images(index: ImageIndex, recipes: Sequence[Recipe]) -> dict[Recipe, StoredImage]:
    """Return the images that are stored and verify."""
    found = {recipe: index.find(recipe) for recipe in recipes}
    return {recipe: image for recipe, image in found.items() if image is not None}


def freeze(
    study: StudyFile, planned: Sequence[PlannedItem], found: Images, store: Store, renderer: Renderer
) -> Manifest:
    """Return the manifest; what the program draws itself is drawn here.

    Args:
        study: The study file.
        planned: Its items.
        found: The images of every recipe of sources 'model' and 'folder'.
        store: Where they lie.
        renderer: What made them.

    Raises:
        NotImportedError: If an image of a folder is missing.
        UnequalSizesError: If the images of an item differ in size.
        EqualConditionsError: If two compared conditions have the same pixels everywhere.
    """
    missing = next((r for r in recipes_of(planned) if r.source == "folder" and r not in found), None)
    if missing is not None:
        raise NotImportedError(str(missing.condition), missing.prompt, missing.seed)
    images = {**found, **_draw(planned, found, store)}
    items = [_item(plan, images) for plan in planned]
    _refuse_equal(planned, items)
    return Manifest(
        study=study.study.name,
        renderer=renderer,
        compare=study.stimuli.compared()[0],
        reference_condition=study.stimuli.reference,
        prompts_from=origin(study.stimuli),
        image_format=study.stimuli.image_format,
        items=items,
        digests={"stimuli": study.stimuli_digest},
    )


def _draw(planned: Sequence[PlannedItem], found: Images, store: Store) -> dict[Recipe, StoredImage]:
    """Draw and save what needs no model: coarse copies of references, and cards as large as the first image."""
    first = next(iter(found.values()))
    drawn = {}
    for recipe in recipes_of(planned):
        if recipe.source == "blocks":
            original = found[Recipe("folder", recipe.prompt, recipe.seed, None, recipe.condition)]
            drawn[recipe] = save_image(store, blocks(store.load(original.sha256)))
        elif recipe.source == "card":
            drawn[recipe] = save_image(store, card(recipe.prompt, first.width, first.height))
    return drawn


def save_image(store: Store, pixels: NDArray[np.uint8], num_steps: int | None = None) -> StoredImage:
    """Save pixels (height, width, 3) and return what the index remembers of them."""
    height, width, _ = pixels.shape
    return StoredImage(store.save(pixels), width, height, num_steps)


def _item(plan: PlannedItem, images: Images) -> Item:
    """Return the item; a main item whose two sides are the same pixels is marked 'identical'."""
    reference = _stimulus(plan.reference, images) if plan.reference else None
    judged = [_stimulus(planned, images) for planned in plan.judged]
    every = [*judged, *([reference] if reference else [])]
    if len({(stimulus.width, stimulus.height) for stimulus in every}) > 1:
        raise UnequalSizesError(plan.item_id, {s.condition: (s.width, s.height) for s in every})
    same = judged[0].sha256 == judged[1].sha256
    return Item(
        item_id=plan.item_id,
        prompt=plan.prompt,
        seed=plan.seed,
        purpose="identical" if same and plan.purpose == "main" else plan.purpose,
        reference=reference,
        stimuli={stimulus.condition: stimulus for stimulus in judged},
    )


def _stimulus(planned: PlannedStimulus, images: Images) -> Stimulus:
    image, recipe = images[planned.recipe], planned.recipe
    return Stimulus(
        condition=planned.condition,
        num_steps=recipe.num_steps or image.num_steps,
        sha256=image.sha256,
        width=image.width,
        height=image.height,
        made_with=planned.made_with,
    )


def _refuse_equal(planned: Sequence[PlannedItem], items: Sequence[Item]) -> None:
    mains = [item for plan, item in zip(planned, items, strict=True) if plan.purpose == "main"]
    refuse_equal(((one, other), item.purpose == "identical") for item in mains for one, other in [tuple(item.stimuli)])
