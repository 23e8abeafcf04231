#!/usr/bin/env bash
# Compose conversations out of single utterances, with a reference.
# Usage: local/prepare.sh [options] <out>
# Reads:  the folder named by --speech: utterances.tsv and the audio it lists
# Writes: <out>/audio/*.flac wav.scp reco2dur ref.rttm ref.uem reco2num_spk statistics.txt
speech=          # folder of speech with utterances.tsv
half=tune        # half of the speakers: tune or test; they share nobody
num=14           # conversations to compose
duration=180     # seconds of each
seed=1           # seed of every random choice
corpora=librispeech_train_clean_5,speechocean762,vietnamese_gmm   # corpora to use, with commas
simulate_config=conf/simulate/deck.conf                           # options of bin/simulate-conversations.py
. utils/step.sh
need "$speech/utterances.tsv" "$simulate_config"
begin "$out" --out wav.scp ref.rttm audio turns --in "$speech/utterances.tsv" "$simulate_config"
options=(--config="$simulate_config" --duration="$duration" --seed="$seed")
select-utterances.py --half="$half" --corpora="$corpora" --min-utterances=4 "$speech" "$out/utterances"
plan-conversations.py "${options[@]}" --num-conversations="$num" --prefix="$half$seed-" "$out/utterances" "$out/conversations"
simulate-conversations.py "${options[@]}" "$out/utterances" "$out/conversations" "$out"
describe-conversations.py "$out"
finish
