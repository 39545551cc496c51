"""Image-quality metrics: images to one number for each image."""
