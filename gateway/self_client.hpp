#pragma once
#include <chrono>

#include "gateway/asio.hpp"
#include "gateway/loop.hpp"
#include "gateway/show_credential.hpp"

namespace durward::gateway {

// What the gateway asks on its own, it asks at a pace of its own.
inline constexpr std::chrono::seconds kRetryPause{1};     // between fetches while nothing is known of a server
inline constexpr std::chrono::seconds kUnknownPause{10};  // between fetches caused by a name that is not in the catalogue
inline constexpr std::chrono::minutes kRefreshEvery{5};   // for servers that never tell of a change

/// Whether a server may show each caller another list: where tokens are exchanged. Then it is asked in the name of a caller who
/// needs to know, and not at other times.
bool listed_per_caller(const Snapshot& now, const config::Server& server);

/// Fetches the server's tool list as `durward:self`, with a record of each request, unless one is running (then waits for it)
/// or the last one is younger than pause. showing: the credential to ask with, where it is a caller's; else the gateway's own
/// is used. Never throws; a failure leaves the catalogue as it was.
Task<> refresh_catalogue(Loop& loop, std::shared_ptr<const Snapshot> now, const config::Server& server,
                         std::chrono::steady_clock::duration pause, Showing showing);

/// Keeps the catalogues of all servers fresh: at start, when stale, on a timer, with back-off while a server cannot be reached.
/// Ends when the loop drains.
Task<> keep_catalogues(Loop& loop);

}  // namespace durward::gateway
