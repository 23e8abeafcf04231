#!/usr/bin/env bash
# Find who of up to three local speakers talks when, in windows of 10 s; speech, overlap and change points with it.
# Usage: steps/segment_speakers.sh [options] <data> <out>
# Reads:  <data>/wav.scp <data>/reco2dur
# Writes: <out>/seg.scp <out>/seg.conf; <out>/vad.scp and <out>/segments, as steps/compute_vad.sh has them;
#         <out>/overlap.scp <out>/change.scp <out>/scores.scp
segment_config=conf/segmentation/segment.conf   # options of bin/segment-speakers.py
model=                             # weights of your own, .npz, torch or ONNX; the shipped ones when empty
threads=1                          # batches each job works on at the same time (no stamp)
nj=4                               # most jobs to run at once
cmd=run.py                         # how to start jobs, see cmd.sh
. utils/step.sh
need "$data/wav.scp" "$data/reco2dur" "$segment_config" ${model:+"$model"}
[ ! -e "$data/segments" ] || echo "$0: note: $data/segments is not used, whole recordings are heard; run_windows.sh heeds it" >&2
begin "$out" --out seg.scp seg.conf vad.scp segments overlap.scp change.scp scores.scp \
    --in "$data/wav.scp" "$data/reco2dur" "$segment_config" ${model:+"$model"}
split_data "$data/wav.scp"
run_jobs segment_speakers segment-speakers.py --config="$segment_config" ${model:+--segmentation-model="$model"} \
    --threads="$threads" "scp:$sdata/wav.scp" "ark,scp:$parts/seg.$part.ark,$parts/seg.$part.scp" \
    "ark,scp:$parts/scores.$part.ark,$parts/scores.$part.scp"
collect seg.scp --keys "$data/wav.scp"
collect scores.scp --keys "$data/wav.scp"
cp "$segment_config" "$out/seg.conf"
scores-to-spans.py --config="$segment_config" "scp:$out/scores.scp" "$data/reco2dur" "ark,scp:$out/vad.ark,$out/vad.scp" \
    "ark,scp:$out/overlap.ark,$out/overlap.scp" "ark,scp:$out/change.ark,$out/change.scp"
spans-to-segments.py "scp:$out/vad.scp" "$out/segments"
finish
