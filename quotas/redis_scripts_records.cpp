#include "quotas/redis_scripts.hpp"

namespace durward::quotas {
namespace {

// Before each of the scripts below. KEYS[1] is the record, a hash. They say in Lua what quotas/claiming.cpp says in C++,
// function by function. `result` may be large, and is read only where it is told.
constexpr const char* kRecord = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local key = KEYS[1]
local texts = {'state', 'key_id', 'digest', 'token', 'asked', 'consumed', 'pending', 'entry', 'sent_entry'}
local numbers = {'fence', 'round', 'doubt', 'lease', 'expires'}

local function load()
  local r = {}
  local values = redis.call('HMGET', key, unpack(texts))
  if not values[1] then return nil end
  for i, name in ipairs(texts) do r[name] = values[i] end
  values = redis.call('HMGET', key, unpack(numbers))
  for i, name in ipairs(numbers) do r[name] = tonumber(values[i]) end
  if now >= r.expires then
    redis.call('DEL', key)
    return nil
  end
  return r
end

local function save(r)
  local pairs_of = {}
  for _, name in ipairs(texts) do
    pairs_of[#pairs_of + 1] = name
    pairs_of[#pairs_of + 1] = r[name]
  end
  for _, name in ipairs(numbers) do
    pairs_of[#pairs_of + 1] = name
    pairs_of[#pairs_of + 1] = string.format('%.0f', r[name])
  end
  redis.call('HSET', key, unpack(pairs_of))
  redis.call('PEXPIREAT', key, string.format('%.0f', r.expires + 1000))
end

local function fall_back(r)
  r.lease, r.pending, r.sent_entry = 0, '', ''
  if r.doubt == 1 then
    r.state, r.doubt = 'unknown', 0
    return true
  end
  if r.round == 1 then return false end
  r.state, r.round = 'open', r.round - 1
  return true
end

local function take_sent_entry(r)
  if r.sent_entry ~= '' then r.entry, r.sent_entry = r.sent_entry, '' end
end

local function lose(r)
  r.state, r.lease = 'unknown', 0
  take_sent_entry(r)
end

local function settle(r, to, result)
  r.state, r.lease, r.doubt = to, 0, 0
  r.consumed, r.pending = r.pending, ''
  take_sent_entry(r)
  redis.call('HSET', key, 'result', result)
end

local function result() return redis.call('HGET', key, 'result') or '' end
local function holds(r, token, fence) return r and r.token == token and r.fence == tonumber(fence) end
)lua";

// KEYS[2], if any: the guard. ARGV: token, lease, ttl, repeatable, state, answer, rounds_max, guard_window, then the
// fingerprints. Reply: kind, fence, round, retry after, entry, duplicate, result.
constexpr const char* kClaim = R"lua(
local token, lease, ttl, repeatable, state, answer = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local r = load()

local function tell(kind, retry)
  local told = kind == 'open' or kind == 'done' or kind == 'unknown'
  local kept = (kind == 'open' or kind == 'done') and result() or ''
  return {kind, r.fence, r.round, retry or 0, told and r.entry or '', 0, kept}
end
local function duplicate()
  if not KEYS[2] then return 0 end
  local last = redis.call('GET', KEYS[2])
  local till, other = string.match(last or '', '^(%d+):(.*)$')
  redis.call('SET', KEYS[2], string.format('%.0f', now + ARGV[8]) .. ':' .. key, 'PX', ARGV[8])
  return (till and tonumber(till) > now and other ~= key) and 1 or 0
end
local function hold()
  r.state, r.token, r.pending, r.lease, r.expires = 'claimed', token, answer, now + lease, now + ttl
  save(r)
  local reply = tell('fresh')
  reply[6] = duplicate()
  return reply
end
local function hold_again()
  r.fence = r.fence + 1
  return hold()
end
local function tell_kept(kind)
  save(r)
  return tell(kind)
end
local function answer_question()
  if answer == '' or answer == r.consumed then return tell_kept('open') end
  if state ~= r.asked then return tell_kept('wrong_state') end
  if r.round >= tonumber(ARGV[7]) then return tell_kept('too_many_rounds') end
  r.round = r.round + 1
  return hold_again()
end
local function matches()
  for i = 9, #ARGV, 2 do
    if ARGV[i] == r.key_id and ARGV[i + 1] == r.digest then return true end
  end
  return false
end

if not r then
  r = {fence = 1, round = 1, doubt = 0, key_id = ARGV[9], digest = ARGV[10], asked = '', consumed = '', entry = '', sent_entry = ''}
  return hold()
end
if not matches() then return tell('mismatch') end
if (r.state == 'claimed' or r.state == 'sent') and r.lease > now then return tell('in_flight', r.lease - now) end
if r.state == 'sent' then lose(r) end
if r.state == 'claimed' and not fall_back(r) then return hold_again() end
if r.state == 'done' then return tell('done') end
if r.state == 'open' then return answer_question() end
if repeatable ~= '1' then return tell_kept('unknown') end
r.doubt = 1
return hold_again()
)lua";

// ARGV: token, fence, to, result, state, entry, lease, ttl. Reply of this and the next two: a word of Moved.
constexpr const char* kMove = R"lua(
local to = ARGV[3]
local r = load()
if not holds(r, ARGV[1], ARGV[2]) then return 'fenced' end
local settles = to == 'open' or to == 'done'
local leads = (r.state == 'claimed' and to == 'sent') or (r.state == 'sent' and (settles or to == 'unknown')) or
  (r.state == 'unknown' and settles)
if not leads then return 'refused' end
r.expires = now + ARGV[8]
if to == 'sent' then
  r.state, r.lease, r.sent_entry = 'sent', now + ARGV[7], ARGV[6]
elseif to == 'unknown' then
  lose(r)
else
  settle(r, to, ARGV[4])
  r.asked = to == 'open' and ARGV[5] or ''
end
save(r)
return 'ok'
)lua";

// ARGV: token, fence.
constexpr const char* kRelease = R"lua(
local r = load()
if not holds(r, ARGV[1], ARGV[2]) then return 'fenced' end
if r.state ~= 'claimed' and r.state ~= 'sent' then return 'refused' end
if fall_back(r) then save(r) else redis.call('DEL', key) end
return 'ok'
)lua";

// ARGV: fence, whether it happened, result, ttl.
constexpr const char* kResolve = R"lua(
local r = load()
if not r or r.fence ~= tonumber(ARGV[1]) then return 'fenced' end
if r.state ~= 'unknown' and not (r.state == 'sent' and r.lease <= now) then return 'refused' end
r.doubt = 0
if ARGV[2] == '1' then
  settle(r, 'done', ARGV[3])
  r.expires = now + ARGV[4]
  save(r)
elseif fall_back(r) then save(r)
else redis.call('DEL', key) end
return 'ok'
)lua";

// Reply: state, fence, round, key id, entry, what is left of the lease and of its life, result; nothing: there is none.
constexpr const char* kFind = R"lua(
local r = load()
if not r then return false end
local state = (r.state == 'sent' and r.lease <= now) and 'unknown' or r.state
local entry = r.sent_entry ~= '' and r.sent_entry or r.entry
return {state, r.fence, r.round, r.key_id, entry, math.max(r.lease - now, 0), r.expires - now, result()}
)lua";

Script with_record(const char* source) { return script(std::string(kRecord) + source); }

}  // namespace

void add_record_scripts(Scripts& scripts) {
  scripts.claim = with_record(kClaim);
  scripts.move = with_record(kMove);
  scripts.release = with_record(kRelease);
  scripts.resolve = with_record(kResolve);
  scripts.find = with_record(kFind);
}

}  // namespace durward::quotas
