#!/usr/bin/env bash
# Cut the utterances of one half of the speakers of a folder of speech into crops, half of them with noise.
# Usage: local/prepare.sh [options] <out>
# Reads:  the folder named by --speech: utterances.tsv and the audio it lists
# Writes: <out>/audio/*.flac wav.scp reco2dur utt2spk subsegments
speech=                      # folder of speech with utterances.tsv
half=tune                    # half of the speakers: tune or test; they share nobody
corpora=                     # corpora to use, with commas
crop_config=conf/crops.conf  # options of local/make_crops.py
. utils/step.sh
need "$speech/utterances.tsv" "$crop_config"
begin "$out" --out wav.scp reco2dur utt2spk subsegments --in "$speech/utterances.tsv" "$crop_config"
select-utterances.py --half="$half" --corpora="$corpora" --min-seconds=1.5 --min-utterances=1 "$speech" "$out/utterances"
local/make_crops.py --config="$crop_config" "$out/utterances/wav.scp" "$out/utterances/utt2spk" "$out"
finish
