"""How many denoising steps does this prompt deserve?

Measures perceived quality against step count, learns it from text, finds the plateau, and generates with it.
Nothing here has ever heard of a study.
"""
