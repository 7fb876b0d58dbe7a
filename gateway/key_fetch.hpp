#pragma once
#include <memory>

#include "gateway/asio.hpp"
#include "gateway/key_source.hpp"

namespace durward::gateway {

struct Loop;
struct Snapshot;

/// Fetches an issuer's keys, on this loop, if it is due; waits while another loop does; else returns at once. What became of it
/// is with the source.
Task<> refresh_keys(Loop& loop, std::shared_ptr<const Snapshot> now, std::shared_ptr<KeySource> source, KeySource::Why why);

/// Keeps the key sets of all issuers fresh until the gateway drains. For one loop.
Task<> keep_keys(Loop& loop);

}  // namespace durward::gateway
