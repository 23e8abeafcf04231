#!/usr/bin/env bash
# Cut speech segments into the windows that get one embedding each.
# Usage: steps/make_subsegments.sh [options] <vad> <out>
# Reads:  <vad>/segments
# Writes: <out>/subsegments
windows_config=conf/embed/windows.conf   # options of bin/make-subsegments.py
. utils/step.sh
need "$vad/segments" "$windows_config"
begin "$out" --out subsegments --in "$vad/segments" "$windows_config"
make-subsegments.py --config="$windows_config" "$vad/segments" "$out/subsegments"
finish
