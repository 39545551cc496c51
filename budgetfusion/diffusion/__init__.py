"""The only importer of diffusers: loading, the step loop, and what runs over it."""

import os

# transformers reports the absence of torchvision, which nothing here needs, whenever diffusers is imported.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
