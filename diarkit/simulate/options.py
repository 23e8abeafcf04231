"""What simulated conversations are like: who talks when, and how it sounds."""

from diarkit.errors import UsageError
from diarkit.options import opt, options
from diarkit.places import CONF

SCHEMES = ("landini", "fujita", "deck")
NOISES = ("pink", "white", "babble", "file")
CODECS = ("pcm", "ulaw", "alaw", "gsm", "opus", "mp3", "vorbis")


def _refuse_empty(opts, *ranges):
    for low, high in ranges:
        if getattr(opts, high) < getattr(opts, low):
            raise UsageError(f"--{high.replace('_', '-')} {getattr(opts, high):g} is below "
                             f"--{low.replace('_', '-')} {getattr(opts, low):g}")


def words(text, known, name):
    """Return the words of a list with commas; a word that is not known is a UsageError."""
    found = [word.strip() for word in text.split(",") if word.strip()]
    wrong = [word for word in found if word not in known]
    if wrong or not found:
        raise UsageError(f"--{name} must be a list with commas of {', '.join(known)}, not {text!r}")
    return found


def read_speeds(text):
    """Return the numbers of a list of speeds with commas; one that is no number from 0.5 to 2 is a UsageError."""
    try:
        speeds = [float(word) for word in text.split(",")]
    except ValueError:
        raise UsageError(f"--speeds must be numbers with commas, not {text!r}") from None
    if not all(0.5 <= speed <= 2 for speed in speeds):
        raise UsageError(f"--speeds must lie between 0.5 and 2, not {text!r}")
    return speeds


@options
class ConversationOptions:
    """Who talks when."""

    scheme: str = opt("landini", "landini: pauses and overlaps of real conversations; fujita: speakers who know "
                      "nothing of each other; deck: everyone speaks, exponential pauses", choices=SCHEMES)
    duration: float = opt(300.0, "least length of a conversation in seconds", above=0)
    min_speakers: int = opt(2, "fewest speakers", low=1)
    max_speakers: int = opt(4, "most speakers", low=1)
    same_group: bool = opt(True, "all speakers of a conversation come from one group of utt2group, where there is one")
    balance: str = opt("speakers", "a group comes as often as it has speakers, or the groups take turns",
                       choices=("speakers", "groups"))
    speeds: str = opt("1", "speeds with commas; each speaker of a conversation draws one: another speed, another voice")
    turn_taking: str = opt(str(CONF / "simulate/turn_taking_meeting.json"),
                           "landini: the statistics, see fit-turn-taking.py")
    interleave: str = opt("model", "landini: how often a speaker goes on: as in the statistics, or as the paper's "
                          "random interleaving has it", choices=("model", "random"))
    turns: str = opt("model", "landini: speech is cut and joined to turns of the lengths of the statistics, or "
                     "every stretch of speech in the source is a turn", choices=("model", "source"))
    dominance: float = opt(0.5, "landini: standard deviation of the logarithm of how often a speaker takes the floor",
                           low=0)
    beta: float = opt(2.0, "fujita: mean silence between utterances of a speaker in seconds", above=0)
    same_speaker: float = opt(0.25, "deck: probability that the speaker goes on after a pause", low=0, below=1)
    overlap: float = opt(0.2, "deck: probability that a change of speaker overlaps", low=0, high=1)
    mean_pause: float = opt(0.6, "deck: mean pause in seconds, exponential", above=0)
    mean_overlap: float = opt(0.5, "deck: mean overlap in seconds, exponential", above=0)
    seed: int = opt(0, "seed of every random choice", low=0)
    sample_rate: int = opt(16000, "samples per second", low=8000)

    def check(self):
        """Refuse empty ranges and speeds that are none."""
        _refuse_empty(self, ("min_speakers", "max_speakers"))
        read_speeds(self.speeds)

    @property
    def speed_list(self):
        """The speeds as numbers."""
        return read_speeds(self.speeds)


@options
class AcousticOptions:
    """How it sounds."""

    gain_db: float = opt(6.0, "largest difference of a speaker's level from the mean, either way, in dB", low=0)
    rooms: str = opt("none", "none: dry; image: rooms by the image method, each speaker at a place of his own; "
                     "file: measured responses of --rirs", choices=("none", "image", "file"))
    room_share: float = opt(1.0, "share of the conversations that lie in a room", low=0, high=1)
    min_rt60: float = opt(0.15, "shortest reverberation time in seconds", above=0)
    max_rt60: float = opt(0.6, "longest", above=0)
    rirs: str | None = opt(None, "wav.scp of measured room responses; responses of one room share what precedes the "
                           "last hyphen of their names")
    noise: str = opt("pink", "kinds of background noise with commas, one a conversation: " + " ".join(NOISES))
    noise_share: float = opt(1.0, "share of the conversations with noise", low=0, high=1)
    noises: str | None = opt(None, "wav.scp of noises, for --noise=file")
    min_snr_db: float = opt(5.0, "least level of the speech over the noise in dB")
    max_snr_db: float = opt(25.0, "greatest level; each conversation draws its own between the two")
    codecs: str = opt("pcm", "codecs with commas, one a conversation: " + " ".join(CODECS))
    codec_share: float = opt(1.0, "share of the conversations that go through a codec", low=0, high=1)
    narrow_share: float = opt(0.0, "share of the conversations without anything above 4 kHz", low=0, high=1)

    def check(self):
        """Refuse empty ranges, unknown words, and files that are asked for but not named."""
        _refuse_empty(self, ("min_rt60", "max_rt60"), ("min_snr_db", "max_snr_db"))
        words(self.codecs, CODECS, "codecs")
        if "file" in words(self.noise, NOISES, "noise") and not self.noises:
            raise UsageError("--noise=file needs --noises, a wav.scp of noises")
        if self.rooms == "file" and not self.rirs:
            raise UsageError("--rooms=file needs --rirs, a wav.scp of room responses")
