"""The decoder for MP3, M4A, MP4, WebM, Matroska, AAC, WMA, AMR and joined Ogg and FLAC files: FFmpeg through PyAV."""

import numpy as np

from diarkit.errors import DiarkitError

HARMLESS = b"ID3", b"TAG", b"APETAGEX"  # what stands between or behind the frames of an MP3, and is no sound
HEADERS = b"Xing", b"Info", b"VBRI"


class PyAv:
    """path: of the file; track: which of its audio tracks, from 1; damaged: read on past what cannot be decoded."""

    def __init__(self, path, track=1, damaged=False):
        self.path, self.track, self.damaged = path, track, damaged
        with self._open() as container:
            stream = self._stream(container)
            self.sample_rate, self.channels = stream.codec_context.sample_rate, stream.codec_context.channels
            self.form = container.format.name
            length = stream.duration * stream.time_base if stream.duration else (container.duration or 0) / 1e6
            self.announced_n = round(float(length) * self.sample_rate) or None
        if not self.sample_rate or not self.channels:
            raise DiarkitError("its sound has no sample rate or no channels")

    def _open(self):
        import av  # only here: most recordings do without

        try:
            return av.open(self.path)
        except (av.error.FFmpegError, OSError) as error:
            raise DiarkitError(_words(error)) from None

    def _stream(self, container):
        streams = container.streams.audio
        if not streams:
            raise DiarkitError("it has no sound, only " + (", ".join(s.type for s in container.streams) or "nothing"))
        if self.track > len(streams):
            raise DiarkitError(f"track {self.track} is asked for, it has {len(streams)}")
        stream = streams[self.track - 1]
        stream.thread_type = "NONE"  # a thread more changes no sample, and would cost the networks theirs
        return stream

    def blocks(self, step_n):
        """Yield (n, channels) float32 blocks of step_n samples; raises DiarkitError at what cannot be decoded."""
        held, count = [], 0
        for part in self._parts():
            held.append(part)
            count += len(part)
            while count >= step_n:
                whole = np.concatenate(held)
                yield whole[:step_n]
                held, count = [whole[step_n:]], count - step_n
        if count:
            yield np.concatenate(held)

    def _parts(self):
        import av

        with self._open() as container:
            stream = self._stream(container)
            layout = stream.codec_context.layout.name
            same = av.AudioResampler(format="fltp", layout=layout, rate=self.sample_rate)
            broken_s, done = None, 0
            for packet in container.demux(stream):
                try:
                    frames = packet.decode()
                except av.error.FFmpegError as error:
                    broken_s = done / self.sample_rate if broken_s is None and not _is_harmless(packet) else broken_s
                    if not isinstance(error, av.error.InvalidDataError):
                        raise DiarkitError(_at(done / self.sample_rate, _words(error))) from None
                    continue
                for frame in frames:
                    if broken_s is not None and not self.damaged:
                        raise DiarkitError(_at(broken_s, "what follows is no sound, then sound again"))
                    for part in same.resample(frame):
                        done += part.samples
                        yield part.to_ndarray().T


def _is_harmless(packet):
    """Tell whether a packet that cannot be decoded holds no sound: a tag, padding, or the header of a joined file."""
    data = bytes(packet)
    return data.startswith(HARMLESS) or any(word in data[:256] for word in HEADERS) or not data.strip(b"\0")


def _at(seconds, reason):
    return f"broken at {seconds:.1f} s: {reason}"


def _words(error):
    return (getattr(error, "strerror", None) or str(error)).rstrip(".").lower()
