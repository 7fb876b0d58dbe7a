#pragma once
#include <functional>
#include <string>

#include "config/settings.hpp"

namespace durward::config {

/// Calls back with every reference to a secret that the settings hold, and the setting's name. The one list of them: whoever
/// adds such a setting adds it here, and relative paths, systemd's credentials and `durward secrets check` know it.
using NamedSecret = std::function<void(const std::string& setting, Located<std::string>& ref)>;
void each_named_secret(Settings& settings, const NamedSecret& visit);

}  // namespace durward::config
