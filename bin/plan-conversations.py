#!/usr/bin/env python3
"""List the conversations to simulate, `<id> <number>` a line; the number and --seed fix all of a conversation.

Checks beforehand what every job would stumble over: <speakers> (wav.scp, utt2spk, [utt2group]), the statistics, and
the files of room responses and noises.
"""

from diarkit import cli
from diarkit.files import write_text
from diarkit.options import opt, options
from diarkit.simulate import AcousticOptions, ConversationOptions, Pool, Simulator


@options
class PlanOptions:
    """Which conversations."""

    num_conversations: int = opt(10, "how many", low=1)
    prefix: str = opt("conv", "ids are this and a number of four digits, or of as many as are needed")


def main(speakers, out, plan, talk, sound):
    pool = Pool(speakers, talk.sample_rate, talk.same_group)
    Simulator(pool, talk, sound)
    width = max(4, len(str(plan.num_conversations - 1)))
    write_text(out, (f"{plan.prefix}{number:0{width}d} {number}" for number in range(plan.num_conversations)))
    count = sum(map(len, pool.groups.values()))
    cli.log(f"{plan.num_conversations} conversations out of {len(pool.entries)} utterances of {count} speakers")


if __name__ == "__main__":
    cli.run(main, __doc__, ("speakers", "conversations"), PlanOptions, ConversationOptions, AcousticOptions)
