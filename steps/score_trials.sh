#!/usr/bin/env bash
# Score trials by the embeddings of their utterances: EER with its threshold, detection costs.
# Usage: steps/score_trials.sh [options] <trials> <emb> <out>
# Reads:  <trials>/trials <emb>/emb.scp
# Writes: <out>/scores <out>/verification.tsv
backend=cosine                               # cosine or plda
plda=                                        # plda: folder of a trained one
mean=                                        # cosine: folder of embeddings whose mean is taken off first
cohort=                                      # folder of embeddings by which scores are normalised (AS-norm)
score_trials_config=conf/score/trials.conf   # options of bin/score-trials.py
. utils/step.sh
inputs=("$trials/trials" "$emb/emb.scp" "$score_trials_config" ${plda:+"$plda/plda"} ${mean:+"$mean/emb.scp"}
        ${cohort:+"$cohort/emb.scp"})
need "${inputs[@]}"
begin "$out" --out scores verification.tsv --in "${inputs[@]}"
score-trials.py --config="$score_trials_config" --backend="$backend" ${plda:+--plda="$plda"} \
    ${mean:+--mean="scp:$mean/emb.scp"} ${cohort:+--cohort="scp:$cohort/emb.scp"} \
    "$trials/trials" "scp:$emb/emb.scp" "$out"
finish
