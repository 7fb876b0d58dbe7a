#pragma once
#include <string>

#include "gateway/loop.hpp"

/// Callers who are turned away before there is an exchange. Each is a refusal on record, within the budget of the ledger.
namespace durward::gateway {

/// There is no place for the connection.
void refuse_connection(Services& services, const std::string& address);

/// A client certificate is a credential: one that does not hold is recorded and counted as any other, though its owner hears of
/// it in the handshake. why: for the log.
void refuse_certificate(Loop& loop, const config::Limits& limits, const std::string& address, const std::string& why);

}  // namespace durward::gateway
