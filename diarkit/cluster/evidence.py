"""What speaks for the number of speakers, in words and numbers."""

from diarkit.turns import speaker_name

HEADER = ("recording", "speaker", "seconds", "local_speakers", "helped", "nearest", "distance", "decided_by")


def decided_by(found, options, count):
    """Return what decided the count: a bound that was given and is met, or the method with what it stops at.

    found: speakers; options: ClusterOptions; count: CountOptions that were given.
    """
    if count.num_speakers:
        return f"num-speakers {count.num_speakers}"
    for name in ("min_speakers", "max_speakers"):
        if getattr(count, name) == found:
            return f"{name.replace('_', '-')} {found}"
    ahc = f"ahc {options.linkage} threshold {options.threshold:g}"
    return {"ahc": ahc, "vbx": f"vbx fa {options.fa:g} fb {options.fb:g} from {ahc}",
            "kmeans": f"kmeans silhouette {options.min_silhouette:g}"}.get(options.method, options.method)


def evidence_lines(reco, evidence, decided):
    """Yield the lines of one recording; evidence: (K, 5), see diarkit.cluster.speakers.Speakers; decided: words."""
    if not len(evidence):
        yield "\t".join([reco, *["-"] * 6, "no speech"])
    for speaker, (seconds, local, helped, near, far) in enumerate(evidence):
        other, distance = (speaker_name(int(near)), f"{far:.3f}") if near >= 0 else ("-", "-")
        yield "\t".join([reco, speaker_name(speaker), f"{seconds:.1f}", f"{local:.0f}", f"{helped:.0f}", other,
                         distance, decided])
