#!/usr/bin/env bash
# Score every embedding with every clustering, on oracle and own speech activity: one table for recordings with references.
# Usage: ./compare.sh --audio DIR [options]
audio=                                       # folder of recordings
rttm=                                        # references: an RTTM file or a folder of them
name=compare                                 # name of this set of recordings, in data/ and exp/
vads="silero oracle"                         # speech activities
models="resnet34 campplus ge2e"              # embeddings
clusterings="ahc spectral kmeans meanshift"  # clusterings
max_speakers=8                               # at most this many speakers; k-means needs a bound
nj=2                                         # most jobs to run at once
. "$(dirname "$0")/utils/recipe.sh"
for vad in $vads; do for model in $models; do for clustering in $clusterings; do
  stage 1 "$model $clustering $vad" ./run_windows.sh --stop-stage 6 --audio "$audio" --rttm "$rttm" --name "$name" \
    --max-speakers "$max_speakers" --vad "$vad" --model "$model" --clustering "$clustering" --nj "$nj"
done; done; done
stage 2 "results in RESULTS.md" utils/make_results.py
