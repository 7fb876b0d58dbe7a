#include "gateway/explain.hpp"

#include <ctime>

#include "audit/key_files.hpp"
#include "gateway/load.hpp"
#include "policy/explain.hpp"

namespace durward::gateway {

using policy::Outcome;

Outcome<ExplainedRequest, std::string> explain_request(const std::string& config, const std::string& request, bool as_json) {
  constexpr std::size_t kMost = 8U << 20;
  const Checked checked = check_files(config);
  if (!checked.good()) return "the configuration does not hold:\n" + checked.report;
  TRY(const audit::Text text, audit::read_text_file(request, kMost));
  const auto document = json::Document::parse(text.value);
  if (!document)
    return request + ": not JSON: " + std::string(json::name(document.error().fault)) + " at byte " +
           std::to_string(document.error().offset);
  auto supposed = policy::read_supposed(document->root(), std::time(nullptr));
  if (!supposed) return request + ": " + supposed.error();
  if (supposed->who.tenant.empty()) supposed->who.tenant = checked.rules->tenant();
  const policy::Explanation told = policy::explain(*checked.rules, *supposed);
  return ExplainedRequest{as_json ? policy::as_json(told) : policy::as_text(told), told.allowed};
}

}  // namespace durward::gateway
