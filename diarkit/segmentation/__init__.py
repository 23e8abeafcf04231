"""Local segmentation: who of up to three speakers talks when, in windows of ten seconds, overlap included."""

from diarkit.segmentation.aggregate import speaker_count
from diarkit.segmentation.options import OverlappingTurnOptions, SegmentOptions
from diarkit.segmentation.reconstruct import reconstruct
from diarkit.segmentation.segment import Segmentation, Segmenter

__all__ = ["OverlappingTurnOptions", "Segmentation", "SegmentOptions", "Segmenter", "reconstruct", "speaker_count"]
