#pragma once
#include "config/fields.hpp"

namespace durward::config {

/// `credential` of a server.
void describe_credential(Fields& f, Credential& credential);
/// `secrets` of durward.yaml.
void describe_secrets(Fields& f, std::vector<BrokeredSecret>& secrets);

}  // namespace durward::config
