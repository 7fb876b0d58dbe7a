#pragma once
#include <string>

namespace durward::policy {

/// Every code as a Markdown table, for deploy/docs/policy.md: what raises it, and what decides its effect.
std::string codes_markdown();

}  // namespace durward::policy
