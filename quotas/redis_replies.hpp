#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "quotas/demand.hpp"
#include "quotas/idempotency.hpp"
#include "quotas/redis_codec.hpp"

/// What the scripts of redis_scripts say. Each gives nothing for a reply of another form.
namespace durward::quotas {

/// now_us: Redis' time of the take.
std::optional<Taken> read_taken(const Reply& reply, const std::vector<Demand>& demands, bool takes, std::int64_t& now_us);
std::optional<Claimed> read_claimed(const Reply& reply);
std::optional<Moved> read_moved(const Reply& reply);
std::optional<std::optional<Record>> read_record(const Reply& reply);

/// A state as the scripts write it.
std::string name_of(State state);
/// Of an error of Redis only its first word, such as OOM, READONLY or LOADING: the rest may quote a key.
std::string error_word(std::string_view error);

}  // namespace durward::quotas
