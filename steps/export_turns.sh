#!/usr/bin/env bash
# Write the turns of each recording in the formats that other programs read, and draw them.
# Usage: steps/export_turns.sh [options] <data> <turns> <out>
# Reads:  <data>/reco2dur <turns>/hyp.rttm; the pictures also <data>/ref.rttm and <data>/ref.uem where they are there
# Writes: <out>/{rttm,json,csv,srt,vtt,png}/<reco>.{rttm,json,csv,srt,vtt,png}
json_times=number   # times in JSON are numbers, or text for readers that expect "2.345"
pictures=png        # png or svg
nj=4                # most jobs to run at once
cmd=run.py          # how to start jobs, see cmd.sh
. utils/step.sh
ref=$data/ref.rttm uem=$data/ref.uem
[[ -e $ref ]] || ref='' uem=''
[[ -e $uem ]] || uem=''
need "$data/reco2dur" "$turns/hyp.rttm"
begin "$out" --out rttm json csv srt vtt "$pictures" --in "$data/reco2dur" "$turns/hyp.rttm" \
  ${ref:+"$ref"} ${uem:+"$uem"}
split_data "$data/reco2dur" ${uem:+"$uem"} --known "$turns/hyp.rttm" ${ref:+"$ref"}
ref=${ref:+$sdata/ref.rttm} uem=${uem:+$sdata/ref.uem}
set -- "$sdata/hyp.rttm" "$sdata/reco2dur"
run_jobs export split-rttm.py "$@" "$out/rttm" '&&' rttm-to-json.py --times="$json_times" "$@" "$out/json" '&&' \
  rttm-to-csv.py "$@" "$out/csv" '&&' rttm-to-subtitles.py --format=srt "$@" "$out/srt" '&&' \
  rttm-to-subtitles.py --format=vtt "$@" "$out/vtt" '&&' \
  draw-timeline.py --format="$pictures" --ref="$ref" --uem="$uem" "$@" "$out/$pictures"
finish
