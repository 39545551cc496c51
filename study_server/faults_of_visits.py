"""What can go wrong in a visit: places, steps, trials, answers, and whoever is simulated or looked for."""

from study_server.failure import StudyServerError


class PlacesTakenError(StudyServerError):
    """Every place of the study is leased."""

    def __init__(self, study: str, places: int) -> None:
        super().__init__(study, places)
        self.study, self.places = study, places

    def __str__(self) -> str:
        return (
            f"Study '{self.study}': all {self.places} places are taken. "
            "Raise `participants` in a study of a new name to have more."
        )


class StudyRestsError(StudyServerError):
    """A study takes nobody in: it is paused or closed, or this machine is not well."""

    def __init__(self, study: str, state: str, because: str) -> None:
        super().__init__(study, state, because)
        self.study, self.state, self.because = study, state, because

    def __str__(self) -> str:
        because = f" ({self.because})" if self.because else ""
        return (
            f"Study '{self.study}' is {self.state}{because}. Run `budgetfusion study resume {self.study}` to open it."
        )


class VisitUnknownError(StudyServerError):
    """A bearer opens no visit: it is forged or foreign, or the visit went on elsewhere or is over."""

    def __init__(self) -> None:
        super().__init__()

    def __str__(self) -> str:
        return "This visit goes on in another window, or it is over. Load the page again to go on here."


class StepMissingError(StudyServerError):
    """Somebody asks for a step of the way before an earlier one is done."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step

    def __str__(self) -> str:
        return (
            f"Found no {self.step}, expected it before this step of the visit. Go back to the study: it leads there, "
            "and everything that is stored is kept."
        )


class TrialUnknownError(StudyServerError):
    """An answer to a trial that the visit does not have."""

    def __init__(self, trial_index: int) -> None:
        super().__init__(trial_index)
        self.trial_index = trial_index

    def __str__(self) -> str:
        return f"This visit has no trial {self.trial_index}. Load the page again to see those that it has."


class UnknownParticipantError(StudyServerError):
    """Nobody of this pseudonym or external id took part; the id is not repeated, so that no log keeps it."""

    def __init__(self, study: str) -> None:
        super().__init__(study)
        self.study = study

    def __str__(self) -> str:
        return f"Study '{self.study}' has no such participant. Give a pseudonym such as P-0041, or the external id."


class AnswerConflictError(StudyServerError):
    """A second, different answer to a trial; the first stands."""

    def __init__(self, trial_index: int) -> None:
        super().__init__(trial_index)
        self.trial_index = trial_index

    def __str__(self) -> str:
        return f"Trial {self.trial_index} was answered before, and the first answer stands. Go on with the next trial."


class UnfinishedError(StudyServerError):
    """A session was asked to finish while trials are unanswered."""

    def __init__(self, missing: int) -> None:
        super().__init__(missing)
        self.missing = missing

    def __str__(self) -> str:
        return f"Found {self.missing} unanswered trial(s), expected none. Go back to the trials and answer them."


class SimulationError(StudyServerError):
    """The server answered a simulated observer otherwise than it answers a person."""

    def __init__(self, url: str, status: int, expected: str) -> None:
        super().__init__(url, status, expected)
        self.url, self.status, self.expected = url, status, expected

    def __str__(self) -> str:
        return (
            f"{self.url}: found HTTP status {self.status}, expected {self.expected}. "
            "Check that the server serves this study and has the same SECRET_KEY."
        )
