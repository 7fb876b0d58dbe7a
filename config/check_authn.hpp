#pragma once
#include "config/document.hpp"
#include "config/settings.hpp"

namespace durward::config {

/// What contradicts itself in how callers authenticate, and in what they may then be asked for.
void check_authn(const Settings& settings, Report& report);

}  // namespace durward::config
