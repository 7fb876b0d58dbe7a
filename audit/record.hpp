#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/decision.hpp"

namespace durward::audit {

enum class Type : std::uint8_t {
  refusal,
  intent,
  outcome,
  call,
  session,
  descriptor,
  approval,
  rulebook,
  key,
  boot,
  shutdown,
  recovery,
  heartbeat
};
enum class Effect : std::uint8_t { none, completed, error, unknown };
inline constexpr std::size_t kTypes = static_cast<std::size_t>(Type::heartbeat) + 1;

/// The words of the ledger for them.
std::string_view name(Type type) noexcept;
std::string_view name(Effect effect) noexcept;

/// One ledger record before it is chained (deploy/docs/ledger.md, "What a record says"). Empty strings and absent optionals are
/// left out of the line. Strings are operator's or closed-list words, or commitments: never text that a caller chose, never a
/// secret.
struct Record {
  Type type = Type::call;
  std::int64_t ts_ms = 0;  // Unix time in milliseconds
  std::string id;          // ULID, shared by intent and outcome
  std::string trace_id, span_id, parent;
  std::string cause;  // canonical JSON object, or empty
  std::string tenant, sub, client_id, authn_method;
  std::string agent;  // canonical JSON object, or empty
  std::string era, server, tool, version, kind, method;
  std::optional<policy::Verdict> verdict;
  std::optional<config::Mode> mode;
  std::vector<std::string> rules;
  std::vector<policy::Finding> findings;
  std::string facts;                     // canonical JSON object, or empty
  std::string rulebook;                  // digest
  std::string descriptor, args, result;  // digest; commitments
  std::optional<std::uint64_t> bytes_in, bytes_out;
  std::optional<int> upstream_status;
  std::optional<Effect> effect;
  std::optional<std::uint64_t> latency_us;
  std::string issuer;  // that vouches for the caller; stands inside `facts`
  std::string fault;   // what was wrong with the credential: a word of a closed list; likewise
  std::string reason;  // policy::name(Reason) of a refusal; stands inside `facts` as "reason"
  std::string retention;
  std::optional<std::uint64_t> count;
  // Inside `facts`: what checks 1 and 2 read of a name. The words are closed lists; named is a commitment.
  std::string_view listing, target;
  std::string named;
  std::optional<int> checked;   // likewise
  std::optional<bool> resumed;  // likewise
};

/// A new ULID: 48 bits of Unix milliseconds, 80 random bits. Thread-safe.
std::string new_ulid(std::int64_t now_ms);

}  // namespace durward::audit
