#include <openssl/evp.h>

#include <array>
#include <utility>

#include "quotas/redis_scripts.hpp"

namespace durward::quotas {
namespace {

// KEYS: of the demands. ARGV: whether to take, the id of places, then for each key its kind and three numbers
// (redis_store.cpp). Reply: passed, now, then for each key what it held before (quotas/standing.hpp): cell; spent; places,
// next_free, last_free.
constexpr const char* kTake = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local function whole(n) return string.format('%.0f', n) end

-- The period that now lies in: minute, hour, day, month of UTC (quotas/budget.cpp).
local function month()
  local day = math.floor(now / 86400000000)
  local z = day + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local first = math.floor((153 * mp + 2) / 5)
  local length = math.floor((153 * (mp + 1) + 2) / 5) - first
  if mp == 11 then
    local year = yoe + era * 400 + 1
    local leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    length = leap and 29 or 28
  end
  local begins = day - (doy - first)
  return begins * 86400000000, (begins + length) * 86400000000
end
local lengths = {minute = 60000000, hour = 3600000000, day = 86400000000}
local function window(period)
  if period == 'month' then return month() end
  local length = lengths[period]
  local begins = now - now % length
  return begins, begins + length
end

local passes = true
local reply = {0, now}
local writes = {}
local function tell(a, b, c)
  reply[#reply + 1] = a
  reply[#reply + 1] = b
  reply[#reply + 1] = c
end

local function rate(key, interval, burst, cost)
  local cell = tonumber(redis.call('GET', key) or '0')
  tell(cell, 0, 0)
  local after = math.max(cell, now) + interval * cost
  if cost > burst or after - interval * burst > now then passes = false end
  writes[#writes + 1] = function()
    redis.call('SET', key, whole(after), 'PX', whole(math.ceil((after - now) / 1000) + 1000))
  end
end

local function budget(key, period, allowance, amount)
  local begins, ends = window(period)
  local held = redis.call('HMGET', key, 'begins', 'amount')
  local spent = 0
  if tonumber(held[1] or '-1') == begins then spent = tonumber(held[2]) end
  tell(spent, 0, 0)
  if spent + amount > allowance then passes = false end
  writes[#writes + 1] = function()
    redis.call('HSET', key, 'begins', whole(begins), 'amount', whole(spent + amount))
    redis.call('PEXPIREAT', key, whole(ends / 1000 + 1000))
  end
end

local function places(key, most, life)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now))
  local taken = redis.call('ZCARD', key)
  local last = tonumber(redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2] or '0')
  local following = 0
  if most > 0 and taken >= most then
    following = tonumber(redis.call('ZRANGE', key, taken - most, taken - most, 'WITHSCORES')[2])
  end
  tell(taken, following, last)
  if taken >= most then passes = false end
  writes[#writes + 1] = function()
    local till = now + life
    redis.call('ZADD', key, whole(till), ARGV[2])
    redis.call('PEXPIREAT', key, whole(math.ceil(math.max(till, last) / 1000) + 1000))
  end
end

for i, key in ipairs(KEYS) do
  local at = 4 * i - 1
  local kind = ARGV[at]
  local a, b, c = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  if kind == 'rate' then rate(key, a, b, c)
  elseif kind == 'budget' then budget(key, ARGV[at + 1], b, c)
  else places(key, a, b) end
end
if passes then reply[1] = 1 end
if passes and ARGV[1] == '1' then
  for _, write in ipairs(writes) do write() end
end
return reply
)lua";

// KEYS: of the receipt. ARGV: whether it is a refund, the id of places, then for each key its kind, and of a budget what was
// reserved, when its period begins and ends, and what it came to; empty: it stays.
constexpr const char* kSettle = R"lua(
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local function whole(n) return string.format('%.0f', n) end
for i, key in ipairs(KEYS) do
  local at = 5 * i - 2
  local kind, amount = ARGV[at], tonumber(ARGV[at + 1])
  if kind == 'rate' then
    local cell = ARGV[1] == '1' and redis.call('GET', key)
    if cell then redis.call('SET', key, whole(tonumber(cell) - amount), 'KEEPTTL') end
  elseif kind == 'places' then
    redis.call('ZREM', key, ARGV[2])
  elseif ARGV[at + 4] ~= '' and now < tonumber(ARGV[at + 3]) then
    local held = redis.call('HMGET', key, 'begins', 'amount')
    if held[1] == ARGV[at + 2] then
      local spent = tonumber(held[2]) - amount + tonumber(ARGV[at + 4])
      redis.call('HSET', key, 'amount', whole(math.min(math.max(spent, 0), 4000000000000000)))
    end
  end
end
return 1
)lua";

}  // namespace

Script script(std::string source) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(source.data(), source.size(), digest.data(), &size, EVP_sha1(), nullptr);
  Script out{std::move(source), {}};
  constexpr const char* kHex = "0123456789abcdef";
  for (unsigned i = 0; i < size; ++i) {
    out.sha1 += kHex[digest[i] >> 4];
    out.sha1 += kHex[digest[i] & 15];
  }
  return out;
}

void add_quota_scripts(Scripts& scripts) {
  scripts.take = script(kTake);
  scripts.settle = script(kSettle);
}

const Scripts& scripts() {
  static const Scripts all = [] {
    Scripts out;
    add_quota_scripts(out);
    add_record_scripts(out);
    return out;
  }();
  return all;
}

}  // namespace durward::quotas
