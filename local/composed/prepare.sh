#!/usr/bin/env bash
# Compose conversations out of single utterances, with a reference.
# Usage: local/prepare.sh [options] <out>
# Reads:  the folder named by --speech: utterances.tsv and the audio it lists
# Writes: <out>/audio/*.flac wav.scp reco2dur ref.rttm ref.uem reco2num_spk
speech=          # folder of speech with utterances.tsv
half=tune        # half of the speakers: tune or test; they share nobody
num=14           # conversations to compose
duration=180     # seconds of each
seed=1           # seed of every random choice
. utils/step.sh
need "$speech/utterances.tsv"
begin "$out" --out wav.scp ref.rttm --in "$speech/utterances.tsv"
local/select_utterances.py --half="$half" "$speech" "$out/utterances"
compose-conversations.py --num-conversations="$num" --duration="$duration" --seed="$seed" --prefix="$half$seed-" \
  "$out/utterances/wav.scp" "$out/utterances/utt2spk" "$out" "$out/utterances/utt2group"
finish
