"""Training the embedded world from nothing: `python -m budgetfusion.scenes.training --out FOLDER`."""
