#!/bin/sh
# Each *.cpp here tries to forge or alter a proof. Its first line is `// error: WORDS`. With -DCONTROL it must compile, so
# that nothing but the forgery stands in the way; without, the compiler must refuse it with WORDS in its message.
# usage: run.sh [CASE.cpp ...]    (CXX: the compiler, default g++)
set -u
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
compiler=${CXX:-g++}
[ $# -gt 0 ] || set -- "$here"/*.cpp

compile() {
  LC_ALL=C "$compiler" -std=c++20 -fsyntax-only -I"$root" "$@" 2>&1
}

failed=0
count=0
for file in "$@"; do
  [ -f "$file" ] || { echo "no such case: $file"; exit 2; }
  case=$(basename "$file" .cpp)
  words=$(sed -n '1s|^// error: ||p' "$file")
  count=$((count + 1))
  if [ -z "$words" ]; then
    echo "FAILED $case: its first line is not \`// error: WORDS\`"
    failed=$((failed + 1))
  elif ! said=$(compile -DCONTROL "$file"); then
    echo "FAILED $case: its control does not compile"
    echo "$said" | head -n 20
    failed=$((failed + 1))
  elif said=$(compile "$file"); then
    echo "FAILED $case: it compiles"
    failed=$((failed + 1))
  elif ! echo "$said" | grep -q "error: .*$words"; then
    echo "FAILED $case: refused, but not with \`$words\`"
    echo "$said" | head -n 20
    failed=$((failed + 1))
  else
    echo "refused $case"
  fi
done
echo "$count cases, $failed failed"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
