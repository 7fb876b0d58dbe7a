#include <boost/asio/async_result.hpp>

#include "gateway/claims.hpp"
#include "gateway/entry.hpp"
#include "gateway/facts.hpp"
#include "gateway/loop.hpp"
#include "gateway/stages.hpp"
#include "policy/canonical.hpp"
#include "policy/rules/rules.hpp"

namespace durward::gateway {

using audit::Durability;
using audit::Record;
using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

constexpr std::size_t kCanonicalArguments = 16 << 10;  // above it a commitment is over the raw bytes: `hmac-raw:`

std::int64_t unix_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::uint64_t micros(Clock::duration time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(time).count());
}

std::string kind_names(std::uint8_t kinds) {
  std::string out;
  const std::pair<config::ToolKind, std::string_view> all[] = {{config::ToolKind::read, "read"},
                                                               {config::ToolKind::mutate, "mutate"},
                                                               {config::ToolKind::exec, "exec"},
                                                               {config::ToolKind::egress, "egress"}};
  for (const auto& [kind, name] : all) {
    if ((kinds & static_cast<std::uint8_t>(kind)) == 0) continue;
    if (!out.empty()) out += ' ';
    out += name;
  }
  return out;
}

std::string_view target_name(policy::Target target) {
  switch (target) {
    case policy::Target::tool:
      return "tool";
    case policy::Target::prompt:
      return "prompt";
    case policy::Target::resource:
      return "resource";
    case policy::Target::none:
      break;
  }
  return "none";
}

std::string_view listing_name(policy::Listing listing) {
  switch (listing) {
    case policy::Listing::listed:
      return "listed";
    case policy::Listing::unlisted:
      return "unlisted";
    case policy::Listing::unavailable:
      break;
  }
  return "unavailable";
}

// Resumes whoever waits for a record, on his loop.
template <class Handler>
class Receipt final : public Letter {
 public:
  explicit Receipt(Handler handler) : handler_(std::move(handler)) {}
  void open() override { std::move(handler_)(std::move(result)); }
  Outcome<void> result;

 private:
  Handler handler_;
};

// What the ledger calls exactly once, on any thread. Two pointers: std::function needs no memory of its own for them.
template <class Handler>
audit::Ledger::Done receipt(Inbox& inbox, Handler handler) {
  auto* letter = new Receipt<Handler>(std::move(handler));
  return [letter, &inbox](Outcome<void> result) {
    letter->result = std::move(result);
    inbox.put(std::unique_ptr<Letter>(letter));
  };
}

void describe_principal(Record& record, const policy::Principal& principal) {
  record.tenant = principal.tenant();
  record.sub = principal.subject();
  record.client_id = principal.client_id();
  record.authn_method = policy::name(principal.method());
  record.issuer = principal.issuer();
}

// What the agent says of itself, as commitments; canonical JSON, or empty where it says nothing.
std::string describe_agent(const Exchange& x, const Record& record) {
  std::string out;
  const auto claim = [&](std::string_view member, const std::string& value) {
    if (value.empty()) return;
    out += out.empty() ? "{\"" : ",\"";
    out += member;
    out += "\":" + json::quote(x.services.ledger.commit(record.tenant, "name", json::quote(value), false));
  };
  claim("node", node_id(x.head->find("x-node-id")));
  claim("parent", agent_ref(x.head->find("x-agent-parent-ref")));
  claim("run", agent_ref(x.head->find("x-agent-ref")));
  return out.empty() ? out : out + "}";
}

// What the rulebook read of the message, so that the decision can be taken again. Names that the caller chose are commitments.
void describe_target(Record& record, const Exchange& x, const Message& message) {
  if (message.target == policy::Target::none) return;
  record.target = target_name(message.target);
  auto commit = [&](std::string_view label) {
    return x.services.ledger.commit(record.tenant, label, json::quote(message.name), false);
  };
  if (message.target != policy::Target::tool) {
    record.named = commit("target");
    return;
  }
  const policy::Listing listing = x.catalogue->listing(message.name);
  const bool known = listing == policy::Listing::listed || x.rules().names_literally(x.server->name, message.name);
  record.tool = known ? message.name : commit("name");
  record.version = x.version();
  record.listing = listing_name(listing);
}

// X of the arguments, or their raw bytes where they are large.
std::string commit_arguments(const Exchange& x, const Record& record, json::Value arguments) {
  if (!arguments) return {};
  const bool raw = arguments.raw().size() > kCanonicalArguments;
  if (raw) return x.services.ledger.commit(record.tenant, "args", arguments.raw(), true);
  return x.services.ledger.commit(record.tenant, "args", json::x(arguments), false);
}

}  // namespace

Entry::Entry(audit::Ledger& ledger, const Exchange& x, std::unique_ptr<Record> record, Durability durability,
             audit::Type ends_as)
    : ledger_(&ledger),
      meters_(&x.loop.meters),
      spent_(&x.spent),
      record_(std::move(record)),
      durability_(durability),
      ends_as_(ends_as),
      opened_(Clock::now()) {}

Entry::~Entry() {
  if (!record_) return;
  record_->type = ends_as_;
  record_->ts_ms = unix_ms();
  record_->effect = audit::Effect::unknown;
  record_->reason = "abandoned";
  meters_->closed(*record_);
  try {
    ledger_->append(*record_, durability_, true, {});
  } catch (const std::exception&) {
    ledger_->release();  // no memory for a record: its place, at least, is given back
  }
}

std::unique_ptr<Record> Recorder::draft(const Exchange& x, audit::Type type, const policy::Decision* decision,
                                        const Message* message, std::string_view id) const {
  return draft(x, x.principal ? &*x.principal : nullptr, type, decision, message, id);
}

std::unique_ptr<Record> Recorder::draft(const Exchange& x, const policy::Principal* who, audit::Type type,
                                        const policy::Decision* decision, const Message* message, std::string_view id) const {
  auto drafted = std::make_unique<Record>();
  Record& record = *drafted;
  record.type = type;
  record.ts_ms = unix_ms();
  record.id = id;
  record.trace_id = x.trace_id;
  record.span_id = x.span_id;
  record.cause = x.cause;
  record.bytes_in = x.bytes_in;
  if (x.server) record.server = x.server->name;
  if (who) describe_principal(record, *who);
  if (!who && x.tried) record.authn_method = policy::name(*x.tried);
  record.fault = x.fault;
  record.rulebook = x.rules().digest();
  record.retention = x.rules().retention();
  record.agent = describe_agent(x, record);
  if (message) {
    record.era = message->era == Era::modern ? "modern" : "legacy";
    if (known_method(message->method)) record.method = message->method;
    if (x.server) describe_target(record, x, *message);
    if (message->target == policy::Target::tool) record.args = commit_arguments(x, record, message->params.find("arguments"));
  }
  if (decision) {
    record.verdict = decision->verdict;
    record.mode = decision->mode;
    record.rules = decision->rules;
    record.findings = decision->findings;
    record.checked = decision->checked;
    record.descriptor = decision->facts.descriptor;
    record.facts = describe_facts(*decision, x.principal ? &*x.principal : nullptr, x.rules().rules().claims());
  }
  return drafted;
}

// A buffered record is answered for as soon as it is queued, and its place is reserved.
Outcome<void> Recorder::append_now(const Record& record) {
  Outcome<void> result;
  ledger_.append(record, Durability::buffered, true, [&result](Outcome<void> told) { result = std::move(told); });
  return result;
}

// record must outlive the wait.
Task<Outcome<void>> Recorder::append(const Record& record, Durability durability, bool reserved) {
  auto start = [this, &record, durability, reserved](auto handler) {
    const audit::Ledger::Done done = receipt(inbox_, std::move(handler));
    try {
      ledger_.append(record, durability, reserved, done);
    } catch (const std::exception&) {
      done(Violation(Reason::ledger_unavailable, "no memory for a record"));  // what throws has not queued it
    }
  };
  return asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Outcome<void>)>(start, use_task);
}

Soon<Outcome<Entry>> Recorder::open(const Exchange& x, const policy::Cleared& cleared, const Message* message, bool stream,
                                    std::string_view parent) {
  const policy::Grant& grant = cleared.grant();
  const Durability durability = grant.side_effect() ? settings_.side_effects : settings_.reads;
  const std::string id = parent.empty() ? x.entry_id : audit::new_ulid(unix_ms());
  std::unique_ptr<Record> record = draft(x, &grant.principal(), audit::Type::intent, &cleared.decision(), message, id);
  record->parent = parent;
  record->kind = kind_names(grant.kinds());
  if (!message) record->method = grant.method();
  if (!ledger_.reserve()) return Violation(Reason::ledger_unavailable, "the ledger takes no records");
  if (stream || durability == Durability::synced) return open_first(x, std::move(record), durability);
  return Entry(ledger_, x, std::move(record), durability, audit::Type::call);
}

// The intent is written before the call begins.
Task<Outcome<Entry>> Recorder::open_first(const Exchange& x, std::unique_ptr<Record> record, Durability durability) {
  const Lap lap(x.spent.ledger);
  auto written = co_await append(*record, durability, false);
  if (!written) {
    ledger_.release();
    co_return std::move(written).error();
  }
  co_return Entry(ledger_, x, std::move(record), durability, audit::Type::outcome);
}

Soon<Outcome<void>> Recorder::close(Entry entry, const Closing& closing) {
  std::unique_ptr<Record> record = std::move(entry.record_);
  record->type = entry.ends_as_;
  record->ts_ms = unix_ms();
  record->effect = closing.effect;
  record->upstream_status = closing.upstream_status;
  record->bytes_out = closing.bytes_out;
  record->count = closing.count;
  const Clock::time_point now = Clock::now();
  record->latency_us = micros(now - entry.opened_);
  if (closing.reason) record->reason = policy::name(*closing.reason);
  if (!closing.result.empty()) record->result = ledger_.commit(record->tenant, "result", closing.result, true);
  record->findings.insert(record->findings.end(), closing.notes.begin(), closing.notes.end());
  entry.meters_->closed(*record);
  if (entry.durability_ != Durability::buffered) return close_later(std::move(record), entry.durability_, *entry.spent_);
  const Lap lap(entry.spent_->ledger, now);
  return append_now(*record);
}

Task<Outcome<void>> Recorder::close_later(std::unique_ptr<Record> record, Durability durability, Spent& spent) {
  const Lap lap(spent.ledger);
  co_return co_await append(*record, durability, true);
}

Task<> Recorder::refuse(const Exchange& x, Reason reason, const std::optional<policy::Decision>& decision,
                        const Message* message, std::string_view id) {
  const std::unique_ptr<Record> record = draft(x, audit::Type::refusal, decision ? &*decision : nullptr, message, id);
  record->effect = audit::Effect::none;
  record->reason = policy::name(reason);
  if (!decision) record->verdict = policy::Verdict::deny;
  x.loop.meters.closed(*record);
  const Lap lap(x.spent.ledger);
  if (!x.principal) {
    ledger_.refuse_anonymous(*record, x.address);
    co_return;
  }
  const std::string& key = x.principal->key();
  auto start = [this, &record, &key](auto handler) {
    const audit::Ledger::Done done = receipt(inbox_, std::move(handler));
    try {
      ledger_.refuse(*record, key, settings_.reads, done);
    } catch (const std::exception&) {
      done(Violation(Reason::ledger_unavailable, "no memory for a record"));
    }
  };
  // Whatever became of the record, the answer is the refusal.
  (void)co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void(Outcome<void>)>(start, use_task);
}

Task<Outcome<void>> Recorder::resumed(const Exchange& x, const Closing& closing) {
  const std::unique_ptr<Record> record = draft(x, audit::Type::call, nullptr, nullptr, audit::new_ulid(unix_ms()));
  record->parent = x.entry_id;
  record->resumed = true;
  record->effect = closing.effect;
  record->bytes_out = closing.bytes_out;
  record->verdict = closing.reason ? policy::Verdict::deny : policy::Verdict::allow;
  if (closing.reason) record->reason = policy::name(*closing.reason);
  if (!closing.result.empty()) record->result = ledger_.commit(record->tenant, "result", closing.result, true);
  const Lap lap(x.spent.ledger);
  co_return co_await append(*record, settings_.reads, false);
}

void Recorder::note(const Exchange& x, std::string_view parent, Reason reason, std::string_view method) {
  const std::unique_ptr<Record> record = draft(x, audit::Type::refusal, nullptr, nullptr, audit::new_ulid(unix_ms()));
  record->parent = parent;
  record->effect = audit::Effect::none;
  record->reason = policy::name(reason);
  record->verdict = policy::Verdict::deny;
  if (known_method(method)) record->method = method;
  x.loop.meters.withheld(*record);
  ledger_.refuse(*record, x.principal ? std::string_view(x.principal->key()) : std::string_view(), settings_.reads, {});
}

}  // namespace durward::gateway
