#pragma once
#include <map>
#include <string>
#include <string_view>

#include "policy/json.hpp"

namespace durward::gateway {

/// What the demo server knows of an HTTP request besides its body. Absent headers are empty.
struct DemoHeaders {
  std::string_view version;  // MCP-Protocol-Version
  std::string_view method;   // Mcp-Method
  std::string_view name;     // Mcp-Name
};

struct DemoAnswer {
  int status = 200;
  std::string body;  // one JSON-RPC message, or empty with 202
};

/// The tools of `durward demo`: a few harmless ones, one that writes, and shell.run, which executes nothing. It only
/// counts, so that a demonstration can show whether a call came through. Speaks all four revisions, without sessions.
/// One thread.
class DemoTools {
 public:
  DemoAnswer answer(std::string body, const DemoHeaders& headers);
  /// Executed calls by tool, as a JSON object with every tool in it.
  std::string calls() const;

 private:
  DemoAnswer dispatch(const json::Value& message, const DemoHeaders& headers);
  DemoAnswer call(const json::Value& params, std::string_view id, bool modern);

  std::map<std::string, std::uint64_t, std::less<>> calls_;
  std::map<std::string, std::string, std::less<>> notes_{{"welcome", "A durward kept the king's door."}};
};

}  // namespace durward::gateway
