#pragma once
#include <string>

namespace durward::quotas {

/// A Lua script that Redis runs as one step: it reads all that it needs, then writes. It takes the time from Redis, and counts
/// in integers below 2^53, which Lua's doubles hold exactly.
struct Script {
  std::string source;
  std::string sha1;  // hexadecimal: how EVALSHA names it
};

struct Scripts {
  // Of quotas (redis_scripts_quotas.cpp).
  Script take, settle;
  // Of idempotency records (redis_scripts_records.cpp).
  Script claim, move, release, resolve, find;
};

const Scripts& scripts();

/// Lua's text, and its hash. Of the files above.
Script script(std::string source);
void add_quota_scripts(Scripts& scripts);
void add_record_scripts(Scripts& scripts);

}  // namespace durward::quotas
