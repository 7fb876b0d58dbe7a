#pragma once
#include <optional>
#include <string>
#include <vector>

#include "quotas/answer.hpp"
#include "quotas/demand.hpp"
#include "quotas/idempotency.hpp"

/// What every store asks of its callers (store.hpp, demand.hpp, idempotency.hpp name the bounds). Each returns Fault::invalid,
/// or nothing.
namespace durward::quotas {

std::optional<Fault> check(const std::vector<Demand>& demands);
std::optional<Fault> check(const Receipt& receipt, const Settlement& settlement);
std::optional<Fault> check(const std::vector<std::string>& keys);
std::optional<Fault> check(const Claim& claim);
std::optional<Fault> check(const Move& move);
std::optional<Fault> check(const Resolution& resolution);
std::optional<Fault> check_key(const std::string& key);
std::optional<Fault> check_holder(const std::string& key, const std::string& token);

}  // namespace durward::quotas
