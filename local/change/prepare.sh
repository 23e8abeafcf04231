#!/usr/bin/env bash
# Choose the utterances that conversations are simulated from: half of the speakers of a folder of speech.
# Usage: local/prepare.sh [options] <out>
# Reads:  the folder named by --speech: utterances.tsv and the audio it lists
# Writes: <out>/wav.scp <out>/utt2spk <out>/utt2group
speech=                              # folder of speech with utterances.tsv
half=tune                            # half of the speakers: tune or test; they share nobody
select_config=conf/select.conf       # options of bin/select-utterances.py
. utils/step.sh
need "$speech/utterances.tsv" "$select_config"
begin "$out" --out wav.scp utt2spk utt2group --in "$speech/utterances.tsv" "$select_config"
select-utterances.py --config="$select_config" --half="$half" "$speech" "$out"
finish
