"""Everything that is wrong with a data directory, gathered before anything is said."""

from typing import NamedTuple

from diarkit.errors import data_error


class Problem(NamedTuple):
    """One fault: where it is, what it is, how to mend it, and which recording it spoils.

    reco: the recording to blame, None when no single one is. order: only the order of the lines is wrong.
    """

    path: str
    line: int | None
    what: str
    mend: str
    reco: str | None = None
    order: bool = False

    def __str__(self):
        return str(data_error(self.path, self.line, self.what, self.mend))


class Report:
    """The problems of a data directory, remarks that are no problems, and what there is in it.

    problems: [Problem]; notes: [str]; summary: one line on recordings, hours and speakers.
    """

    def __init__(self):
        self.problems, self.notes, self.summary = [], [], ""

    def add(self, path, line, what, mend, reco=None, order=False):
        """Note one problem at `path:line`."""
        self.problems.append(Problem(str(path), line, what, mend, reco, order))

    def note(self, text):
        """Remember a remark that does not make the directory bad."""
        self.notes.append(text)

    def bad_recordings(self):
        """Return {reco: [what is wrong]} of all problems that can be blamed on one recording."""
        bad = {}
        for problem in self.problems:
            if problem.reco is not None:
                bad.setdefault(problem.reco, []).append(problem.what)
        return bad

    def general(self):
        """Return the problems that no choice of recordings can avoid."""
        return [p for p in self.problems if p.reco is None and not p.order]
