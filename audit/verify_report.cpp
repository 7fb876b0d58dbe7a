#include <fmt/format.h>

#include "audit/compose.hpp"
#include "audit/verify.hpp"

namespace durward::audit {

const char* const kWithoutAnchor =
    "Without an anchor, a cut at a batch boundary and a rewrite by whoever holds the key are not detected.";

namespace {

const char* word(int exit_code) {
  switch (exit_code) {
    case 0:
      return "valid";
    case 1:
      return "invalid";
    case 2:
      return "error";
    default:
      return "inconclusive";
  }
}

}  // namespace

std::string to_text(const VerifyReport& report) {
  std::string out;
  for (const std::string& reason : report.reasons) out += reason + "\n";
  out += fmt::format("{}: {} records in {} batches, {} files", word(report.exit_code), report.records, report.batches,
                     report.files);
  if (!report.origin.empty()) out += fmt::format("; origin {}", report.origin);
  if (!report.kid.empty()) out += fmt::format("; key {}", report.kid);
  out += "\n";
  if (report.first_seq > 0) out += fmt::format("starts at seq {}\n", report.first_seq);
  if (report.recoveries > 0) out += fmt::format("{} recovery records: torn tails were moved away there\n", report.recoveries);
  if (report.dev_boots > 0) out += fmt::format("{} starts with a temporary key (--dev)\n", report.dev_boots);
  if (!report.head.empty()) out += fmt::format("head {}\n", report.head);
  if (report.exit_code != 2) out += std::string(kWithoutAnchor) + "\n";  // after an I/O error nothing was judged
  return out;
}

std::string to_json(const VerifyReport& report) {
  std::string out = fmt::format("{{\"result\":\"{}\",\"exit\":{},\"reasons\":[", word(report.exit_code), report.exit_code);
  for (const std::string& reason : report.reasons) {
    if (out.back() != '[') out += ',';
    append_json_string(out, reason);
  }
  out += fmt::format(
      "],\"files\":{},\"records\":{},\"batches\":{},\"first_seq\":{},\"recoveries\":{},\"dev_boots\":{},\"open_intents\":{}",
      report.files, report.records, report.batches, report.first_seq, report.recoveries, report.dev_boots, report.open_intents);
  out +=
      fmt::format(",\"origin\":\"{}\",\"kid\":\"{}\",\"head\":\"{}\",\"root\":\"{}\",\"anchored\":false,\"caveat\":\"{}\"}}\n",
                  report.origin, report.kid, report.head, report.root, kWithoutAnchor);
  return out;
}

}  // namespace durward::audit
