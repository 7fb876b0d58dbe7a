#pragma once
#include "config/document.hpp"
#include "config/settings.hpp"

namespace durward::config {

/// What contradicts itself in who the gateway is to its servers.
void check_credentials(const Settings& settings, Report& report);

}  // namespace durward::config
