#pragma once
#include "config/fields.hpp"
#include "config/permission_settings.hpp"

namespace durward::config {

/// `permissions` of policy.yaml. out stays empty where it is not written.
void describe_permissions(Fields& fields, std::optional<Permissions>& out);

}  // namespace durward::config
