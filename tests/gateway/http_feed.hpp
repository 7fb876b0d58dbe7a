#pragma once
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http.hpp"

namespace durward::tests {

/// What a parser made of the bytes of one connection, up to the first message's end.
struct Verdict {
  bool done = false;
  std::optional<policy::Reason> refused;
  std::size_t used = 0;  // bytes of the message, once it is done
  std::string method, target, body;
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  bool operator==(const Verdict&) const = default;
};

/// Feeds bytes as a connection would: `pieces` are the sizes of the reads, the last one repeated.
template <class Parser>
Verdict feed(Parser& parser, std::string_view bytes, const std::vector<std::size_t>& pieces,
             const gateway::ParserLimits& limits) {
  Verdict verdict;
  parser.reset(limits);
  std::string unread;
  std::size_t sent = 0;
  const auto refuse = [](const policy::Violation& violation) {
    Verdict refused;
    refused.refused = violation.reason;
    return refused;
  };
  for (std::size_t i = 0; !parser.done(); ++i) {
    if (!unread.empty()) {
      auto used = parser.head_done() ? parser.put_body(unread) : parser.put_head(unread);
      if (!used) return refuse(used.error());
      verdict.used += *used;
      unread.erase(0, *used);
      if (*used > 0) continue;
    }
    if (sent == bytes.size()) return Verdict();
    const std::size_t piece = std::max<std::size_t>(1, pieces[std::min(i, pieces.size() - 1)]);
    unread += bytes.substr(sent, piece);
    sent = std::min(bytes.size(), sent + piece);
  }
  verdict.done = true;
  verdict.method = parser.head.method;
  verdict.target = parser.head.target;
  verdict.status = parser.status;
  verdict.body = parser.body;
  for (const gateway::Field& field : parser.head.fields) verdict.fields.emplace_back(field.name, field.value);
  return verdict;
}

template <class Parser>
Verdict feed(std::string_view bytes, const std::vector<std::size_t>& pieces) {
  Parser parser;
  gateway::ParserLimits limits;
  if (std::is_same_v<Parser, gateway::RequestParser>) limits.body_bytes = 4 << 20;
  return feed(parser, bytes, pieces, limits);
}

}  // namespace durward::tests
