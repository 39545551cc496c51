"""The participant's pages and calls: landing, consent, trials, completion."""
