#include "config/describe_rules.hpp"
#include "config/forms.hpp"

namespace durward::config {
namespace {

constexpr std::array kLevels{Word{"gateway", 0}, Word{"middleware", 1}};

// A switch whose "off" is what there is.
void only_off(Fields& f, const Key& key, std::vector<Located<std::string>>& inactive) {
  bool on = false;
  if (f.flag(key, on) && on) f.inactive(key.name, inactive);
}

void describe_signing(Fields& f, PolicySettings& policy) {
  bool enabled = true;
  if (f.flag({"enabled", "`false` is refused: records are always signed"}, enabled) && !enabled)
    f.refuse_key("enabled", "cannot be false: records are always signed");
  f.text({"key_ref", "the ledger's signing key, where `ledger.key_ref` is absent; both, and different, is refused"}, kSecretRef,
         policy.key_ref);
}

void describe_side_effects(Fields& f, std::vector<Located<std::string>>& inactive) {
  only_off(f, {"require_idempotency_key", "`true` does nothing yet"}, inactive);
  f.later({"max_retries", "does nothing yet: no call is ever tried again"}, inactive);
  f.later({"approve_high_risk", "does nothing yet"}, inactive);
  f.later({"human_escalation", "does nothing yet"}, inactive);
  f.later({"escalation_ttl_seconds", "does nothing yet"}, inactive);
  f.later({"escalation_on_timeout", "does nothing yet"}, inactive);
}

void number(Fields& f, const Key& key, std::uint64_t most, std::optional<std::uint64_t>& out) {
  std::uint64_t value = 0;
  if (f.number(key, {0, most}, value)) out = value;
}

void describe_security(Fields& f, PolicySettings& policy) {
  f.names({"allow_versions", "by server, the versions that its tools may have; else `version_unpinned`"}, kServerName, kText,
          [&](const Located<std::string>& server, Patterns versions) {
            policy.allow_versions_where.insert_or_assign(server.value, server.where);
            policy.allow_versions.insert_or_assign(server.value, std::move(versions));
          });
  f.section({"limits", ""}, [&](Fields& in) {
    number(in, {"max_payload_kb", "KiB of a call's arguments, begun ones counted; beyond it `payload_too_large`"}, 4'194'304,
           policy.max_payload_kb);
    number(in, {"max_duration_ms", "until a call has its whole answer; beyond it `duration_too_long`"}, 86'400'000,
           policy.max_duration_ms);
  });
  f.later({"egress_allowlist", "does nothing yet"}, policy.inactive);
  f.later({"fs_allowlist", "does nothing yet"}, policy.inactive);
  f.section({"side_effects", ""}, [&](Fields& in) { describe_side_effects(in, policy.inactive); });
  f.later({"ap2", "does nothing yet"}, policy.inactive);
}

}  // namespace

void describe_seed(Fields& f, PolicySettings& policy) {
  std::vector<Located<std::string>>& inactive = policy.inactive;
  Located<int> level{-1, {}};
  f.word({"security_level", "accepted, and means nothing: this is a gateway"}, kLevels, level);
  f.section({"signing", ""}, [&](Fields& in) { describe_signing(in, policy); });
  f.section({"privacy", ""}, [&](Fields& in) {
    only_off(in, {"redact_outputs", "`true` does nothing yet"}, inactive);
    only_off(in, {"store_raw_payloads", "`true` does nothing yet: no payload is ever stored"}, inactive);
    only_off(in, {"redact_identities", "`true` does nothing yet"}, inactive);
    in.later({"artifact_retention", "does nothing yet: no payload is ever stored"}, inactive);
  });
  f.section({"side_effects", ""}, [&](Fields& in) { describe_side_effects(in, inactive); });
  f.section({"security", ""}, [&](Fields& in) { describe_security(in, policy); });
  f.later({"agent_guard", "detectors; does nothing yet"}, inactive);
  f.later({"compliance", "packs; does nothing yet"}, inactive);
  f.later({"skills", "does nothing: a gateway sees no skills"}, inactive);
  f.later({"observability", "export of traces; does nothing yet"}, inactive);
  f.later({"sec0_export", "export of records; does nothing yet"}, inactive);
  f.later({"ap2", "does nothing yet"}, inactive);
}

}  // namespace durward::config
