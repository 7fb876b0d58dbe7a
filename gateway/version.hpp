#pragma once
#include <string_view>

namespace durward::gateway {
inline constexpr std::string_view kVersion = "0.1.0";
}
