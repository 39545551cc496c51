"""What is shown: items and budgets become images and a manifest."""
