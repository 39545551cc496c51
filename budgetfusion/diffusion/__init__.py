"""The only importer of diffusers: loading, the step loop, and what runs over it."""

import os

# transformers reports the absence of torchvision, which nothing here needs, whenever diffusers is imported.
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

# On a busy machine two threads that wait for each other by spinning are many times slower than one.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
