#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/policy_settings.hpp"
#include "config/settings.hpp"
#include "policy/decision.hpp"
#include "policy/json.hpp"
#include "policy/outcome.hpp"
#include "policy/principal.hpp"
#include "policy/tool.hpp"

namespace durward::schema {
class Schema;
}
namespace durward::policy::permissions {
class Permissions;
}

namespace durward::policy {

namespace rules {
class Table;
}

/// What a message names.
enum class Target : std::uint8_t { none, tool, prompt, resource };

/// Whether the name stands in the server's catalogue. `unavailable`: no catalogue can be had.
enum class Listing : std::uint8_t { listed, unlisted, unavailable };

/// Everything that checks 1 and 2 read besides the principal: the recorded inputs of a decision.
struct Naming {
  std::string_view server;
  std::string_view method;  // "tools/call"; of a list item: the method that would use it
  Target target = Target::none;
  std::string_view name;              // tool or prompt name, or resource URI; empty where target is none
  std::string_view version;           // the tool's effective version, or empty
  Listing listing = Listing::listed;  // tools only
};

/// Everything that checks 3 to 6 read besides the grant: the other recorded inputs of a decision.
struct Call {
  json::Value arguments;                   // params.arguments, or absent
  const schema::Schema* schema = nullptr;  // of the tool's descriptor; null: none is known
  bool schema_broken = false;              // its descriptor has one that no one can compile
  std::string_view descriptor;             // its digest, for the record
  std::int64_t now = 0;                    // Unix seconds
};

/// Why a check refused, with the decision for the record.
struct Denial {
  Violation violation;
  Decision decision;
  std::string explanation;  // of Reason::arguments_invalid: what is wrong, for the model; without text of the arguments
};

/// Proof that this principal may name this target. Only `grant` makes one.
class Grant {
 public:
  const Principal& principal() const { return principal_; }
  const std::string& server() const { return ref_.server; }
  const ToolRef& ref() const { return ref_; }  // ref().tool is empty where the message names no tool
  const std::string& method() const { return method_; }
  const Decision& decision() const { return decision_; }
  std::uint8_t kinds() const { return kinds_; }  // config::ToolKind bits; `read` for what is not a tool call
  bool side_effect() const;

 private:
  Grant(Principal principal, ToolRef ref, std::string method, Decision decision, std::uint8_t kinds);
  friend Outcome<Grant, Denial> grant(const class Rulebook&, const Principal&, const Naming&);
  friend class Cleared;
  friend Outcome<class Cleared, Denial> decide(const class Rulebook&, Grant, const Call&, const std::vector<Code>&);
  Principal principal_;
  ToolRef ref_;
  std::string method_;
  Decision decision_;
  std::uint8_t kinds_;
};

/// Grant + the final decision over all checks. Only `decide` makes one; nothing adds a finding to it later.
class Cleared {
 public:
  const Grant& grant() const { return grant_; }
  const Decision& decision() const { return grant_.decision_; }

 private:
  explicit Cleared(Grant grant) : grant_(std::move(grant)) {}
  friend Outcome<Cleared, Denial> decide(const class Rulebook&, Grant, const Call&, const std::vector<Code>&);
  Grant grant_;
};

/// The policy, compiled once into an immutable object. Pure: the same inputs give the same Decision. Shared by all loops
/// without a lock.
class Rulebook {
 public:
  /// servers: those of durward.yaml. Every problem is appended to diagnostics with its position; null if any is an error.
  static std::shared_ptr<const Rulebook> compile(const config::PolicySettings& policy,
                                                 const std::map<std::string, config::Server>& servers,
                                                 std::vector<config::Diagnostic>& diagnostics);

  /// Checks 1 and 2: method allowed, name allowed and visible. Never throws for hostile input.
  Decision judge(const Principal& principal, const Naming& naming) const;
  /// Whether judge would not deny it: what lists show.
  bool visible(const Principal& principal, const Naming& naming) const;
  /// Checks 3 to 5 of a tool call: adds their findings to the decision. Returns what is wrong with the arguments by the tool's
  /// schema, or nothing.
  std::string check(Decision& decision, const Principal& principal, const ToolRef& tool, std::uint8_t kinds,
                    const Call& call) const;
  /// Turns further findings into the final verdict, strictest wins.
  void settle(Decision& decision, const std::vector<Code>& findings) const;
  /// The rules, for explaining.
  const rules::Table& rules() const;

  std::uint8_t kinds(std::string_view server, std::string_view tool) const;    // config::ToolKind bits, default mutate
  bool names_literally(std::string_view server, std::string_view tool) const;  // in an allowlist pattern without wildcard
  /// A tool's version: the configured one, else the reported one.
  std::string_view version(std::string_view server, std::string_view reported) const;
  /// What arguments may reach; check 4 asks it.
  const permissions::Permissions& permissions() const;
  const std::string& digest() const { return digest_; }  // "sha256:<64 hex>" of the canonical form of what was compiled
  const std::string& tenant() const { return tenant_; }
  const std::string& retention() const { return retention_; }
  config::Mode mode() const { return mode_; }
  /// Until a call has its whole answer; beyond it `duration_too_long`.
  std::optional<std::uint64_t> max_duration_ms() const { return max_duration_ms_; }
  Effect effect(Code code) const;  // what becomes of such a finding

  ~Rulebook();
  struct Tables;  // private, but named so that rulebook.cpp's free functions can read it

 private:
  Rulebook();
  std::string digest_, tenant_, retention_;
  config::Mode mode_ = config::Mode::enforce;
  std::optional<std::uint64_t> max_duration_ms_;
  std::unique_ptr<const Tables> tables_;
};

/// Checks 1 and 2. A denied tool is Reason::unknown_tool (hidden: the caller gets the same bytes whatever the cause);
/// a tool outside the catalogue that no allowlist names literally is too, in every mode; while no catalogue can be had,
/// a name allowed only by wildcard is Reason::catalogue_unavailable. An escalated name is Reason::awaits_approval.
Outcome<Grant, Denial> grant(const Rulebook& rulebook, const Principal& principal, const Naming& naming);

/// The final decision: checks 3 to 5, of tool calls. findings: what other checks hand in. Pure.
Outcome<Cleared, Denial> decide(const Rulebook& rulebook, Grant grant, const Call& call,
                                const std::vector<Code>& findings = {});

}  // namespace durward::policy
