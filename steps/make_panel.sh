#!/usr/bin/env bash
# Make one HTML page per recording to hear, see and correct who spoke when, and an index of the pages.
# Usage: steps/make_panel.sh [options] <data> <turns> <out>
# Reads:  <data>/wav.scp <turns>/hyp.rttm; <data>/ref.rttm and <data>/ref.uem where they are there
# Writes: <out>/index.html <out>/<reco>.html
audio=embed       # embed the sound in the pages, or link the recordings' files where they lie
kbps=24           # of the embedded Opus: 24 is 11 MB an hour
channel=mix       # of the sound: mix, or a number from 1
nj=4              # most jobs to run at once
cmd=run.py        # how to start jobs, see cmd.sh
. utils/step.sh
ref=$data/ref.rttm uem=$data/ref.uem
[[ -e $ref ]] || ref='' uem=''
[[ -e $uem ]] || uem=''
need "$data/wav.scp" "$turns/hyp.rttm"
begin "$out" --out index.html --in "$data/wav.scp" "$turns/hyp.rttm" ${ref:+"$ref"} ${uem:+"$uem"}
split_data "$data/wav.scp" ${uem:+"$uem"} --known "$turns/hyp.rttm" ${ref:+"$ref"}
run_jobs panel make-panel.py --audio="$audio" --kbps="$kbps" --channel="$channel" --ref="${ref:+$sdata/ref.rttm}" \
  --uem="${uem:+$sdata/ref.uem}" "scp:$sdata/wav.scp" "$sdata/hyp.rttm" "$out" "$parts/pages.$part.scp"
collect pages.scp --keys "$data/wav.scp"
make-panel-index.py "$out/pages.scp" "$out"
finish
