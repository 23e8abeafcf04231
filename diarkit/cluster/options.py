"""What a user may choose about clustering: the method with its settings, and how many speakers there may be."""

from diarkit.errors import DiarkitError, UsageError
from diarkit.files import read_number_table
from diarkit.options import opt, options

METHODS = ("ahc", "spectral", "kmeans", "meanshift", "vbx")
LINKAGES = ("average", "centroid", "complete", "single", "ward")
AUTO_MOST = 20  # most speakers that spectral and k-means look for when no larger number is given


@options
class VbxOptions:
    """Variational Bayes of x-vectors."""

    plda: str = opt("resnet34", "[vbx] PLDA: the name of an embedding model, or a folder of steps/train_plda.sh")
    plda_dims: int = opt(256, "[vbx] how many of its dimensions, those that differ most between speakers", low=1)
    fa: float = opt(0.3, "[vbx] weight of the vectors (F_A); below 1, as neighbouring windows are no fresh evidence",
                    above=0.0)
    fb: float = opt(3.0, "[vbx] weight of each speaker's prior (F_B); larger: fewer speakers", above=0.0)
    loop_prob: float = opt(0.9, "[vbx] probability that the speaker stays from one vector to the next (P_loop); "
                                "0: the vectors' order says nothing", low=0.0, below=1.0)
    smoothing: float = opt(5.0, "[vbx] how sure the start is of its labels: softmax of this and zeros", above=0.0)
    max_iterations: int = opt(40, "[vbx] most iterations", low=1)


@options
class ClusterOptions(VbxOptions):
    """Clustering; the letters in brackets name the methods that an option belongs to."""

    method: str = opt("ahc", "how to group the vectors", choices=METHODS)
    linkage: str = opt("average", "[ahc, vbx] distance between two clusters", choices=LINKAGES)
    threshold: float = opt(0.8, "[ahc, vbx] stop merging above this cosine distance, 0 (same) to 2 (opposite); "
                                "for centroid and ward half the squared distance of unit vectors", low=0.0)
    min_cluster_size: float = opt(0.0, "smaller clusters go to their nearest larger ones: a share of the recording "
                                       "below 1, else a number of vectors, at most a tenth; 0 is off", low=0.0)
    laplacian: str = opt("unnormalised", "[spectral] graph Laplacian", choices=("unnormalised", "normalised"))
    max_neighbours: float = opt(0.5, "[spectral] most neighbours a vector may keep, as a share of all",
                                above=0.0, high=1.0)
    min_silhouette: float = opt(0.25, "[kmeans] with a range of counts: one speaker unless the best silhouette of "
                                     "several reaches this", low=-1.0, high=1.0)
    bandwidth: float | None = opt(None, "[meanshift] radius of the flat kernel; none: estimated", above=0.0)
    quantile: float = opt(0.3, "[meanshift] share of the vectors within an estimated bandwidth", above=0.0, high=1.0)
    standardise: bool = opt(False, "[meanshift] give every dimension mean 0 and variance 1 first")
    tsne: bool = opt(False, "[meanshift] then place the vectors in the plane by t-SNE; below 16 ahc decides")
    tsne_bandwidth: float = opt(3.0, "[meanshift] radius of the flat kernel among the places", above=0.0)
    perplexity: float = opt(30.0, "[meanshift] of t-SNE: about how many neighbours count; at most a third of all",
                            low=1.0)
    max_vectors: int | None = opt(None, "recordings with more vectors are condensed to half of this first; "
                                        "none: ahc, vbx 12000, meanshift 6000, spectral 3000, kmeans no limit", low=2)


@options
class CountOptions:
    """How many speakers a recording may have; without any of these the method decides."""

    num_speakers: int | None = opt(None, "exactly this many", low=1)
    min_speakers: int | None = opt(None, "at least this many", low=1)
    max_speakers: int | None = opt(None, "at most this many", low=1)

    def check(self):
        if self.num_speakers and (self.min_speakers or self.max_speakers):
            raise UsageError("--num-speakers excludes --min-speakers and --max-speakers")
        if self.min_speakers and self.max_speakers and self.min_speakers > self.max_speakers:
            raise UsageError(f"--min-speakers {self.min_speakers} is more than --max-speakers {self.max_speakers}")

    def check_method(self, method):
        """Raise UsageError when `method` cannot do without a count and there is none."""
        if method == "kmeans" and not self.given:
            raise UsageError("--method kmeans needs --num-speakers, or --min-speakers and/or --max-speakers")

    @property
    def given(self):
        """Whether the user bounded the count at all."""
        return any((self.num_speakers, self.min_speakers, self.max_speakers))

    def bounds(self, n):
        """Return (least, most) clusters for n vectors; a bound above n is taken as n."""
        least = self.num_speakers or self.min_speakers or 1
        most = self.num_speakers or self.max_speakers or n
        return min(least, n), min(most, n)

    def shortfall(self, n):
        """Return a sentence when n vectors cannot give the speakers asked for, else None."""
        least = self.num_speakers or self.min_speakers or 1
        return f"{least} speakers were asked for, but there are only {n} vectors" if 0 < n < least else None


def counts_of(path, count, method):
    """Return a function from a recording to its CountOptions: those of the file `<reco> <speakers>`, or always `count`.

    Raises UsageError where there are both, or the method needs a count and has none.
    """
    if path is None:
        count.check_method(method)
        return lambda key: count
    if count.given:
        raise UsageError("--reco2num-spk excludes --num-speakers, --min-speakers and --max-speakers")
    table = read_number_table(path, int)

    def find(key):
        if key not in table:
            raise DiarkitError(f"not in {path}. Add a line `{key} <speakers>`")
        return CountOptions(num_speakers=table[key])
    return find
