#pragma once
#include <chrono>

#include "gateway/asio.hpp"
#include "gateway/loop.hpp"

namespace durward::gateway {

// What the gateway asks on its own, it asks at a pace of its own.
inline constexpr std::chrono::seconds kRetryPause{1};     // between fetches while nothing is known of a server
inline constexpr std::chrono::seconds kUnknownPause{10};  // between fetches caused by a name that is not in the catalogue
inline constexpr std::chrono::minutes kRefreshEvery{5};   // for servers that never tell of a change

/// Fetches the server's tool list as `durward:self`, with a record of each request, unless one is running (then waits for it)
/// or the last one is younger than pause. Never throws; a failure leaves the catalogue as it was.
Task<> refresh_catalogue(Loop& loop, std::shared_ptr<const Snapshot> now, const config::Server& server,
                         std::chrono::steady_clock::duration pause);

/// Keeps the catalogues of all servers fresh: at start, when stale, on a timer, with back-off while a server cannot be reached.
/// Ends when the loop drains.
Task<> keep_catalogues(Loop& loop);

}  // namespace durward::gateway
