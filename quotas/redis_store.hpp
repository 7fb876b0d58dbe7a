#pragma once
#include <memory>
#include <string>

#include "quotas/redis_setup.hpp"
#include "quotas/store.hpp"

namespace durward::quotas {

/// A store in one Redis (7, or Valkey), a primary, shared by any number of processes. Each operation is one script. What Redis
/// answers it has done, and keeps as its own settings say: with `appendfsync always` a crash of it loses nothing, and a
/// failover to a replica may lose what was acknowledged last. One that evicts keys is refused. It need not be there when the
/// store is made.
policy::Outcome<std::unique_ptr<Store>, std::string> redis_store(RedisSetup setup);

}  // namespace durward::quotas
