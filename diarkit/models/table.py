"""The table of pretrained files, diarkit/weights/models.tsv: where each comes from, what it is, and its checksum."""

from pathlib import PurePosixPath
from typing import NamedTuple

from diarkit.errors import UsageError, data_error
from diarkit.files import read_lines
from diarkit.places import WEIGHTS

TABLE = WEIGHTS / "models.tsv"


class Entry(NamedTuple):
    """One line of the table; `-` stands for nothing, a column is a string except `dim`.

    package: `-` for a file of ours, whose `member` is then its path beside the table.
    """

    name: str
    kind: str
    package: str
    member: str
    platform: str
    sha256: str
    licence: str
    features: str
    dim: int | None
    input: str
    output: str

    @property
    def suffix(self):
        """The file's extension with its dot, such as `.onnx`."""
        return PurePosixPath(self.member).suffix

    @property
    def file_name(self):
        """The name a hand-placed copy must have, such as `resnet34.onnx`."""
        return self.name + self.suffix


def read_models(path=TABLE):
    """Return {name: Entry} of a model table: tab-separated, a header line, `#` lines are comments."""
    found, header = {}, None
    for number, line in read_lines(path, mend="Install diarkit again: the file comes with the package"):
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        if header is None:
            header = cells
            if tuple(header) != Entry._fields:
                raise data_error(path, number, f"columns {header}", f"Write {list(Entry._fields)}")
            continue
        found[cells[0]] = _entry(path, number, cells, found)
    return found


def _entry(path, number, cells, found):
    if len(cells) != len(Entry._fields):
        raise data_error(path, number, f"{len(cells)} columns", f"Write {len(Entry._fields)}, parted by one tab")
    entry = Entry(*cells)
    if entry.name in found:
        raise data_error(path, number, f"{entry.name} stands twice", "Keep one")
    if len(entry.sha256) != 64 or set(entry.sha256) - set("0123456789abcdef"):
        raise data_error(path, number, f"sha256 {entry.sha256!r}", "Write the 64 hex digits that sha256sum prints")
    if "==" not in entry.package and entry.package != "-":
        raise data_error(path, number, f"package {entry.package!r}", "Pin it as NAME==VERSION, or write - for a file "
                         "that lies beside this table")
    if entry.dim != "-" and not entry.dim.isdigit():
        raise data_error(path, number, f"dim {entry.dim!r}", "Write a whole number or -")
    return entry._replace(dim=None if entry.dim == "-" else int(entry.dim))


def find(name, path=TABLE):
    """Return the Entry of a model name; UsageError lists the known names."""
    models = read_models(path)
    if name not in models:
        raise UsageError(f"no model {name!r} in {path}. Known: {', '.join(models)}")
    return models[name]
