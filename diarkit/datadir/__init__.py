"""Data directories: check, select, combine, and make one from a folder of recordings.

A data directory holds wav.scp and reco2dur, and where they are known segments, utt2spk, ref.rttm, ref.uem and
reco2num_spk.
"""

from diarkit.datadir.combine import combine
from diarkit.datadir.folder import FolderOptions, prepare_folder
from diarkit.datadir.problems import Problem, Report
from diarkit.datadir.subset import SubsetOptions, subset
from diarkit.datadir.validate import ValidateOptions, validate

__all__ = ["FolderOptions", "Problem", "Report", "SubsetOptions", "ValidateOptions", "combine", "prepare_folder",
           "subset", "validate"]
