"""Predicting quality curves from text: the network, its training, and the plateau of what it predicts."""
