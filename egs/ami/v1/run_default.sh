#!/usr/bin/env bash
# The same recordings through the default pipeline, which finds overlapping speakers and is trained on none of them.
# Usage: ./run_default.sh --corpus DIR [options]
corpus=            # folder of the corpus, see README.md
sets="dev test"    # what is scored: lists of recordings, dev.txt and test.txt
lists=conf/lists   # folder of those lists
prepare_config=conf/prepare.conf   # options of local/make_data.py
model=small        # speaker embedding: small, which comes along, or resnet34, a download of 27 MB
nj=2               # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
[ "$stage" != 0 ] || : "${corpus:?is empty. Say where the corpus is: ./run_default.sh --corpus DIR}"
seg=exp/segment feats=exp/fbank_resnet34 emb=exp/${model}_segment found=exp/${model}_overlap

for x in $sets; do stage 0 "data $x" local/prepare.sh --list "$lists/$x.txt" --prepare-config "$prepare_config" "$corpus" "data/$x"; done
for x in $sets; do stage 1 "local speakers $x" steps/segment_speakers.sh --nj "$nj" --cmd "$cpu_cmd" "data/$x" "$seg/$x"; done
for x in $sets; do stage 2 "features $x" steps/make_fbank.sh --nj "$nj" --cmd "$cpu_cmd" --fbank-config conf/features/fbank_resnet34.conf "data/$x" "$feats/$x"; done
for x in $sets; do stage 3 "embeddings $x" steps/embed_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --model "$model" "$feats/$x" "$seg/$x" "$emb/$x"; done
for x in $sets; do stage 4 "speakers $x" steps/cluster_speakers.sh --nj "$nj" --cmd "$cpu_cmd" --plda "$model" "$emb/$x" "$seg/$x" "$found/$x"; done
for x in $sets; do stage 5 "turns $x" steps/make_overlapping_turns.sh --cmd "$cpu_cmd" "data/$x" "$seg/$x" "$emb/$x" "$found/$x" "$found/$x/turns"; done
for x in $sets; do stage 6 "score $x" steps/score.sh --cmd "$cpu_cmd" "data/$x" "$found/$x/turns" "$found/$x/score"; done
for x in $sets; do stage 6 "results $x" cat "$found/$x/score/der.txt"; done
