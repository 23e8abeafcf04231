#!/usr/bin/env bash
# Draw the DET curves of scored trials, and the distances between utterances as a confusion matrix.
# Usage: steps/draw_verification.sh [options] <data> <emb> <out>
# Reads:  <data>/utt2spk <emb>/emb.scp, and the folders of --scores
# Writes: <out>/det.png <out>/distances.png
scores=   # folders of scored trials, with blanks; each is a curve with its name
. utils/step.sh
files=()
for folder in $scores; do files+=("$folder/scores"); done
need "$data/utt2spk" "$emb/emb.scp" "${files[@]}"
begin "$out" --out det.png distances.png --in "$data/utt2spk" "$emb/emb.scp" "${files[@]}"
draw-det.py --embeddings="scp:$emb/emb.scp" --utt2spk="$data/utt2spk" "$(IFS=,; echo "${files[*]}")" "$out"
finish
