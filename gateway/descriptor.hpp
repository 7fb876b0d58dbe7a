#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/head.hpp"
#include "policy/json.hpp"
#include "policy/outcome.hpp"
#include "policy/rules/arguments.hpp"
#include "policy/schema/schema.hpp"

namespace durward::gateway {

/// An argument that a modern client repeats as a header, because the tool's schema says so (`x-mcp-header`).
struct ParameterHeader {
  std::string name;  // "mcp-param-region"
  policy::rules::Pointer at;
};

/// What the gateway keeps of one tool as its server describes it. Immutable.
struct Descriptor {
  std::string digest;                            // "sha256:<64 hex>" of its RFC 8785 form; empty where it has none
  std::shared_ptr<const schema::Schema> schema;  // of its arguments; null: it has none that can be used
  std::string fault;                             // why its schema cannot be used, for the operator; empty: it can
  std::vector<ParameterHeader> headers;
  std::size_t seal = 0;  // of its bytes, to tell within this process whether another one is the same
};

std::size_t seal_of(json::Value tool) noexcept;

/// tool: an element of `tools` in a tools/list result. A schema that says what cannot be understood entirely is a fault: the
/// calls of the tool are then refused.
std::shared_ptr<const Descriptor> read_descriptor(json::Value tool);

/// Headers against arguments, of a modern tools/call. Errors: header_mismatch.
policy::Outcome<void> check_parameters(const Descriptor& descriptor, const Head& head, json::Value arguments);

}  // namespace durward::gateway
