#pragma once
#include <memory>
#include <optional>

#include "gateway/asio.hpp"
#include "gateway/exchange.hpp"
#include "gateway/soon.hpp"
#include "gateway/token_store.hpp"

namespace durward::gateway {

/// What a request to a server carries, besides what is forwarded.
struct Showing {
  std::shared_ptr<const ShownCredential> credential;  // null: nothing
  std::optional<TokenStore::Key> key;                 // of a token: under which it is kept
};

/// The credential for the server of x, in the name of its caller where tokens are exchanged. Waits only where one must be
/// fetched first. Errors: credential_unavailable; then nothing may be sent. x must outlive the result.
Soon<policy::Outcome<Showing>> show_credential(const Exchange& x);

/// The server has refused it: it is fetched anew for the next request.
void refused_by_server(const Exchange& x, const Showing& showing);

}  // namespace durward::gateway
