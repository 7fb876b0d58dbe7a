#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "policy/outcome.hpp"

namespace durward::gateway {

/// Serves DemoTools on 127.0.0.1 until SIGINT or SIGTERM: POST /mcp, and GET /calls with the counts of executed calls.
/// port 0 picks a free one; ready is told which, once connections are accepted. Errors: one sentence, such as a port in use.
policy::Outcome<void, std::string> serve_demo(std::uint16_t port, const std::function<void(std::uint16_t)>& ready);

}  // namespace durward::gateway
