#!/usr/bin/env bash
# Two people talk for half a minute: who spoke when, overlaps included, from the recording to the DER, in about a minute.
# Usage: ./run.sh [options]
sets=dev         # data sets to work on
model=small      # speaker embedding: small, which comes along, or resnet34, a download of 27 MB
num_speakers=    # exactly this many speakers; found when empty
nj=2             # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
seg=exp/segment feats=exp/fbank_resnet34 emb=exp/${model}_segment found=exp/${model}_overlap

for x in $sets; do stage 0 "data $x" local/prepare.sh "data/$x"; done
for x in $sets; do stage 0 "check $x" utils/validate_data_dir.py --audio true "data/$x"; done
for x in $sets; do stage 1 "local speakers $x" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$seg/$x"; done
for x in $sets; do stage 2 "features $x" steps/make_fbank.sh --nj "$nj" --cmd "$cpu_cmd" --fbank-config conf/features/fbank_resnet34.conf "data/$x" "$feats/$x"; done
for x in $sets; do stage 3 "embeddings $x" steps/embed_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats/$x" "$seg/$x" "$emb/$x"; done
for x in $sets; do stage 4 "speakers $x" steps/cluster_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --plda "$model" --num-speakers "$num_speakers" "$emb/$x" "$seg/$x" "$found/$x"; done
for x in $sets; do stage 5 "turns $x" steps/make_overlapping_turns.sh --cmd "$cpu_cmd" "data/$x" "$seg/$x" "$emb/$x" "$found/$x" "$found/$x/turns"; done
for x in $sets; do stage 6 "score $x" steps/score.sh --cmd "$cpu_cmd" "data/$x" "$found/$x/turns" "$found/$x/score"; done
for x in $sets; do stage 6 "results $x" cat "$found/$x/score/der.txt"; done
for x in $sets; do stage 7 "page $x" steps/make_panel.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$found/$x/turns" "$found/$x/results/html"; done
for x in $sets; do stage 7 "done" echo "Who spoke when: $PWD/$found/$x/turns/hyp.rttm, and to hear and see: $PWD/$found/$x/results/html/index.html. Now your own recordings: egs/wavs/v1/run.sh --audio /your/folder"; done
