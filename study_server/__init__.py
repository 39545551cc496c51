"""Who chose what: a Flask 2AFC web app over a frozen manifest. torch is not installed here."""
