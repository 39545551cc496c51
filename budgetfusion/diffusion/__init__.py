"""The only importer of diffusers: loading, the step loop, and what runs over it."""
