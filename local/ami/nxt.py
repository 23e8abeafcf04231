"""Who speaks when in the NXT annotation of the AMI corpus (ami_public_manual_1.6.2), read as a stream."""

import os
import xml.parsers.expat
from collections import Counter

from diarkit.datadir.corpus import said
from diarkit.errors import data_error

FOLDERS = "annotations", "ami_public_manual_1.6.2", "."
TIMES = {"words": ("starttime", "endtime"), "segments": ("transcriber_start", "transcriber_end")}


def find_annotation(corpus, given):
    """Return the folder that holds corpusResources/meetings.xml: `given`, or one of the usual places in the corpus."""
    places = [given] if given else [os.path.normpath(os.path.join(corpus, name)) for name in FOLDERS]
    for place in places:
        if os.path.isfile(os.path.join(place, "corpusResources", "meetings.xml")):
            return place
    raise data_error(os.path.join(places[0], "corpusResources", "meetings.xml"), None, "is not there",
                     "Unpack ami_public_manual_1.6.2.zip there, or name its folder with --annotations")


def elements(path):
    """Yield (line, name, {attribute: text}) of every element of an XML file, in its order."""
    found = []
    parser = xml.parsers.expat.ParserCreate()
    parser.StartElementHandler = lambda name, attributes: found.append((parser.CurrentLineNumber, name, attributes))
    try:
        with open(path, "rb") as file:
            while block := file.read(1 << 16):
                parser.Parse(block)
                yield from found
                found.clear()
            parser.Parse(b"", True)
            yield from found
    except OSError as error:
        raise data_error(path, None, f"cannot be read: {error.strerror}", "Unpack the annotation again") from None
    except xml.parsers.expat.ExpatError as error:
        what = xml.parsers.expat.ErrorString(error.code)
        raise data_error(path, error.lineno, f"not well-formed XML: {what}", "Unpack the annotation again") from None


def read_meetings(path):
    """Return {meeting: {agent: speaker's name in the whole corpus}} of meetings.xml.

    An agent without a global name is called <meeting>.<agent>. Raises DiarkitError for one that stands twice.
    """
    meetings, meeting = {}, None
    for line, tag, attributes in elements(path):
        if tag == "meeting":
            meeting = attributes.get("observation")
            if not meeting or meeting in meetings:
                raise data_error(path, line, f"{meeting} stands twice" if meeting else "a meeting has no name",
                                 "Write every observation once")
            meetings[meeting] = {}
        elif tag == "speaker" and meeting:
            agent = attributes.get("nxt_agent")
            if not agent or agent in meetings[meeting]:
                raise data_error(path, line, f"{meeting}: agent {agent} {'stands twice' if agent else 'is missing'}",
                                 "Write every nxt_agent once")
            meetings[meeting][agent] = attributes.get("global_name") or f"{meeting}.{agent}"
    return meetings


def read_agent(path, meeting, speaker, options, report, untimed):
    """Return the [Said] of one speaker's words.xml or segments.xml; touching stretches are joined by join().

    Punctuation, disfluency marks and gaps are no speech; vocal sounds (laughs, coughs) only where asked for. Words
    whose times the corpus does not know are added to `untimed` as path:line, times that make no sense to the report.
    """
    begin, end = TIMES[options.unit]
    wanted = {"segment"} if options.unit == "segments" else {"w", "vocalsound"} if options.vocal_sounds else {"w"}
    stretches = []
    for line, tag, attributes in elements(path):
        if tag not in wanted or attributes.get("punc") == "true":
            continue
        if not attributes.get(begin) or not attributes.get(end):
            untimed.append(f"{path}:{line}")
            continue
        one = said(path, line, meeting, speaker, attributes[begin], attributes[end], report)
        stretches += [one] if one else []
    return join([one for one in stretches if one.end_s > one.start_s], options.max_gap)


def join(stretches, max_gap_s):
    """Return [Said] of one speaker in time, those at most max_gap_s apart made one that keeps the first one's line."""
    joined = []
    for one in sorted(stretches, key=lambda s: (s.start_s, s.end_s)):
        if joined and one.start_s - joined[-1].end_s <= max_gap_s + 1e-6:
            joined[-1] = joined[-1]._replace(end_s=max(joined[-1].end_s, one.end_s))
        else:
            joined.append(one)
    return joined


def find_files(annotation, meetings, unit):
    """Return {(meeting, agent): path} of what every agent says; a file that is missing is an error.

    meetings: {meeting: agents}.
    """
    files = {(meeting, agent): os.path.join(annotation, unit, f"{meeting}.{agent}.{unit}.xml")
             for meeting, agents in meetings.items() for agent in agents}
    missing = [path for path in files.values() if not os.path.isfile(path)]
    if missing:
        more = Counter(map(os.path.dirname, missing))
        raise data_error(missing[0], None, f"is not there, {sum(more.values())} files are missing", "Unpack it again")
    return files
