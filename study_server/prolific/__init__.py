"""What Prolific's part of a study needs of the database; nothing else of the server asks Prolific's client."""
