# shellcheck shell=bash
# Sourced by deploy/run: the conversation of `deploy/run --once`.

readonly DESTRUCTIVE='{"name":"shell.run","arguments":{"command":"rm -rf ./important_data"}}'
failures=0

# judge TEXT CONDITION...: says ok or FAILED, and counts.
judge() {
  local text=$1
  shift
  if "$@"; then say "   ok: $text"; else say "   FAILED: $text"; failures=$((failures + 1)); fi
}

contains() { [[ $1 == *"$2"* ]]; }

# ask URL METHOD PARAMS: one request of the legacy era; the answer is in reply, its headers in $scratch/headers.
ask() {
  reply=$(curl -sS --max-time 30 -D "$scratch/headers" "$1" -H 'content-type: application/json' \
    -H 'accept: application/json, text/event-stream' -d '{"jsonrpc":"2.0","id":1,"method":"'"$2"'","params":'"$3"'}') || reply="no answer"
}

# ask_modern URL NAME PARAMS: a tool call of revision 2026-07-28, which needs no session and says in headers what it is.
ask_modern() {
  local meta='"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}'
  reply=$(curl -sS --max-time 30 -D "$scratch/headers" "$1" -H 'content-type: application/json' \
    -H 'accept: application/json, text/event-stream' -H 'mcp-protocol-version: 2026-07-28' -H 'mcp-method: tools/call' \
    -H "mcp-name: $2" -d '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{'"${3:1:-1},$meta"'}}') || reply="no answer"
}

names() { grep -o '"name":"[a-z.]*","description"' <<<"$reply" | cut -d'"' -f4 | sort | tr '\n' ' '; }
calls_of() { curl -sS --max-time 30 "${upstream%/mcp}/calls" | sed -n 's/.*"'"$1"'":\([0-9]*\).*/\1/p'; }
entry() { tr -d '\r' <"$scratch/headers" | sed -n 's/^x-durward-entry: *//Ip'; }

# The verdict that the ledger holds for an entry.
verdict_of() { cat "$ledger"/ledger-*.ndjson | tr -d '\0' | grep -aF "\"id\":\"$1\"" | sed -n 's/.*"verdict":"\([a-z]*\)".*/\1/p' | head -n 1; }

show_list() {
  say "1. A list shows only what is allowed"
  ask "$upstream" tools/list '{}'
  say "   the server offers: $(names)"
  ask "$gateway" tools/list '{}'
  say "   the agent sees:    $(names)"
  judge "clock.now is there, shell.run is not" eval 'contains "$(names)" clock.now && ! contains "$reply" shell.run'
}

show_allowed_call() {
  say "2. An allowed call goes through"
  ask "$gateway" tools/call '{"name":"math.add","arguments":{"a":2,"b":3}}'
  judge "math.add of 2 and 3 is 5, asked as older clients do" contains "$reply" '"text":"5"'
  ask_modern "$gateway" math.add '{"name":"math.add","arguments":{"a":20,"b":3}}'
  judge "math.add of 20 and 3 is 23, asked as newer clients do" contains "$reply" '"text":"23"'
  judge "the server executed two calls" test "$(calls_of math.add)" = 2
}

show_refused_call() {
  local id verdict count
  say "3. A refused call never reaches the server: shell.run with rm -rf ./important_data"
  for era in ask ask_modern; do
    if [[ $era == ask ]]; then ask "$gateway" tools/call "$DESTRUCTIVE"; else ask_modern "$gateway" shell.run "$DESTRUCTIVE"; fi
    id=$(entry)
    verdict=$(verdict_of "$id")
    count=$(calls_of shell.run)
    say "   Decision: ${verdict:-none recorded} (the agent reads: $(sed -n 's/.*"message":"\([^"]*\)".*/\1/p' <<<"$reply"))"
    say "   Executed: $([[ $count == 0 ]] && echo false || echo true)"
    say "   Upstream calls of shell.run: $count"
    say "   Ledger entry: ${id:-none}"
    judge "denied, recorded, not executed" eval '[[ $verdict == deny && $count == 0 ]] && contains "$reply" "Unknown tool: shell.run"'
  done
}

verify() { "$durward" ledger verify -c "$1/deploy/examples/quickstart.yaml" >"$scratch/verify" 2>&1; }

show_ledger() {
  local code=0 file offset old
  say "4. The ledger is valid"
  verify "$scratch" || code=$?
  sed 's/^/   /' "$scratch/verify"
  judge "durward ledger verify exits 0" test "$code" = 0

  say "5. One byte changed in a copy is found"
  mkdir "$scratch/copy" && cp -a "$scratch/deploy" "$scratch/.durward" "$scratch/copy/"
  file=$(find "$scratch/copy/.durward/ledger" -name 'ledger-*.ndjson' | sort | head -n 1)
  offset=$(($(head -n 2 "$file" | wc -c) + $(sed -n '3{s/"ts":".*//;p;q}' "$file" | wc -c) + 8))  # in the year of the third record
  old=$(dd if="$file" bs=1 skip="$offset" count=1 status=none)
  printf '%d' $(((old + 1) % 10)) | dd of="$file" bs=1 seek="$offset" conv=notrunc status=none
  say "   line 3 of $(basename "$file"): one digit of its date changed"
  code=0
  verify "$scratch/copy" || code=$?
  sed "s|$scratch/copy/||; s/^/   /" "$scratch/verify"
  judge "durward ledger verify exits 1 and names line 3" eval '[[ $code == 1 ]] && grep -qE "(line |:)3\b" "$scratch/verify"'
}

demonstrate() {
  local begin=$SECONDS upstream gateway ledger reply
  scratch=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/durward-demo.XXXXXX")
  ledger=$scratch/.durward/ledger
  step "keys" make_keys "$scratch/.durward/keys/ed25519.key"
  say "== demonstration"
  start "$scratch/demo.log" "demo server " "$durward" demo --port 0
  upstream=$found
  mkdir -p "$scratch/deploy" && cp -r "$root/deploy/examples" "$scratch/deploy/"
  sed -i -e 's/port: [0-9]*}/port: 0}/' -e "s|http://127.0.0.1:3001/mcp|$upstream|" "$scratch/deploy/examples/quickstart.yaml"
  start "$scratch/gateway.log" "data listener " "$durward" serve -c "$scratch/deploy/examples/quickstart.yaml"
  gateway=$found/mcp/demo

  show_list
  show_allowed_call
  show_refused_call
  kill -TERM "${children[1]}"
  judge "the gateway ends cleanly" wait "${children[1]}"
  children=("${children[0]}")
  show_ledger
  if ((failures > 0)); then
    sed 's/^/   gateway: /' "$scratch/gateway.log"
    say "$failures step(s) failed after $((SECONDS - begin)) s"
    exit 1
  fi
  say "All as it should be, after $((SECONDS - begin)) s."
}
