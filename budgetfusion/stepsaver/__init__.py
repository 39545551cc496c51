"""StepSaver-R: our reconstruction of a recommender of step counts from its abstract and from what others say of it.

It is not StepSaver (arXiv:2408.02054), whose code, labels and weights are not public.
"""
