"""The way back to Prolific at the end of a visit."""

from prolific_config.drafts import completion_url

__all__ = ["completion_url"]
