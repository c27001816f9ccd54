#!/bin/sh
# unpacked FOLDER PROGRAM [ARGUMENT …]: runs a program as native/packages/debian.py does, by its own loader and libraries.
set -eu
folder=$1 program=$2
shift 2
loader=$(echo "$folder"/usr/lib/*/ld-linux-*.so.*)
exec "$loader" --library-path "$(dirname "$loader")" "$folder/$program" "$@"
