#!/usr/bin/env bash
# Make a data directory of one part of the speakers of a corpus as it is distributed.
# Usage: local/prepare.sh [options] <corpus> <data>
# Reads:  the corpus, see local/make_data.py --help
# Writes: <data>/wav.scp utt2spk utt2group [spk2gender trials]
layout=folder                      # voxceleb, librispeech, vctk, openslr38, folder or utterances
part=all                           # all, train or test; train and test share no speaker
trials=                            # the corpus's own list of trials, such as veri_test2.txt; its speakers are the part test
most_utterances=none               # most utterances of a speaker
prepare_config=conf/prepare.conf   # options of local/make_data.py: the share of the part test, folders to take
set -euo pipefail
. utils/parse_options.sh
. ./path.sh
"$(dirname "$0")/make_data.py" --config="$prepare_config" --layout="$layout" --part="$part" --trials="$trials" \
    --most-utterances="$most_utterances" "$corpus" "$data"
