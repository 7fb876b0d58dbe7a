#pragma once
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "policy/rulebook.hpp"

namespace durward::tests {

/// Configuration for one rulebook, written short. Every list entry gets a position of its own: line 10, column 1, 2, 3 ….
struct Book {
  config::PolicySettings policy;
  std::map<std::string, config::Server> servers;
  std::vector<config::Diagnostic> diagnostics;

  Book() {
    policy.file = "policy.yaml";
    policy.tenant = "acme";
    policy.default_retention = "30d";
    for (const char* name : {"files", "db"}) servers[name].name = name;
  }

  static config::Patterns list(const std::vector<std::string>& values) {
    config::Patterns out;
    int column = 0;
    for (const std::string& value : values) out.push_back({value, {"policy.yaml", 10, ++column}});
    return out;
  }

  std::shared_ptr<const policy::Rulebook> try_compile() {
    diagnostics.clear();
    return policy::Rulebook::compile(policy, servers, diagnostics);
  }
  std::shared_ptr<const policy::Rulebook> compile() {
    auto book = try_compile();
    REQUIRE(book);
    return book;
  }
  /// `line:column: error|warning: message` of each diagnostic.
  std::vector<std::string> said() {
    try_compile();
    std::vector<std::string> out;
    for (const auto& one : diagnostics) {
      const std::string kind = one.severity == config::Severity::error ? ": error: " : ": warning: ";
      out.push_back(std::to_string(one.where.line) + ":" + std::to_string(one.where.column) + kind + one.message);
    }
    return out;
  }
};

inline policy::Naming call(std::string_view server, std::string_view tool, std::string_view version = "") {
  return {server, "tools/call", policy::Target::tool, tool, version, policy::Listing::listed};
}

inline policy::Naming asking(std::string_view server, std::string_view method) {
  return {server, method, policy::Target::none, {}, {}, policy::Listing::listed};
}

inline policy::Naming reading(std::string_view server, std::string_view uri) {
  return {server, "resources/read", policy::Target::resource, uri, {}, policy::Listing::listed};
}

inline policy::Naming prompting(std::string_view server, std::string_view prompt) {
  return {server, "prompts/get", policy::Target::prompt, prompt, {}, policy::Listing::listed};
}

}  // namespace durward::tests
