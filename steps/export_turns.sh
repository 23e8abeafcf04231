#!/usr/bin/env bash
# Write the turns of each recording in the formats that other programs read, and draw them.
# Usage: steps/export_turns.sh [options] <data> <turns> <out>
# Reads:  <data>/reco2dur <turns>/hyp.rttm; the pictures also <data>/ref.rttm and <data>/ref.uem where they are there
# Writes: <out>/<format>/<reco>.<suffix> for each format, and <out>/png/<reco>.png
formats=rttm,json,csv,srt,vtt   # also tsv ass textgrid eaf audacity list table ctm stm exclusive
json_times=number               # times in JSON are numbers, or text for readers that expect "2.345"
pictures=png                    # png or svg
nj=4                            # most jobs to run at once
cmd=run.py                      # how to start jobs, see cmd.sh
. utils/step.sh
ref=$data/ref.rttm uem=$data/ref.uem
[[ -e $ref ]] || ref='' uem=''
[[ -e $uem ]] || uem=''
need "$data/reco2dur" "$turns/hyp.rttm"
IFS=', ' read -ra names <<<"$formats"
begin "$out" --out "${names[@]}" "$pictures" --in "$data/reco2dur" "$turns/hyp.rttm" ${ref:+"$ref"} ${uem:+"$uem"}
split_data "$data/reco2dur" ${uem:+"$uem"} --known "$turns/hyp.rttm" ${ref:+"$ref"}
ref=${ref:+$sdata/ref.rttm} uem=${uem:+$sdata/ref.uem}
set -- "$sdata/hyp.rttm" "$sdata/reco2dur"
run_jobs export export-turns.py --formats="$formats" --times="$json_times" "$@" "$out" '&&' \
  draw-timeline.py --format="$pictures" --ref="$ref" --uem="$uem" "$@" "$out/$pictures"
finish
