#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "audit/ledger.hpp"
#include "gateway/asio.hpp"
#include "gateway/exchange.hpp"
#include "gateway/inbox.hpp"
#include "gateway/message.hpp"
#include "gateway/soon.hpp"

namespace durward::gateway {

/// How an entry ends: what the outcome record says besides what the intent said.
struct Closing {
  audit::Effect effect = audit::Effect::unknown;
  std::optional<policy::Reason> reason;  // of a refusal or failure after the entry was opened
  std::optional<int> upstream_status;
  std::string_view result;  // raw bytes of the JSON value, for the commitment; empty: none
  std::uint64_t bytes_out = 0;
  std::optional<std::uint64_t> count;  // messages relayed on a stream
  std::vector<policy::Finding> notes;
};

/// Proof that a record of this call is open. Only the Recorder makes one, and only `gateway/upstream` takes one. An entry
/// that is dropped without close() is closed as abandoned, effect unknown.
class Entry {
 public:
  Entry(Entry&&) noexcept = default;
  Entry& operator=(Entry&&) = delete;
  ~Entry();
  const std::string& id() const { return record_->id; }

 private:
  friend class Recorder;
  Entry(audit::Ledger& ledger, const Exchange& x, std::unique_ptr<audit::Record> record, audit::Durability durability,
        audit::Type ends_as);
  audit::Ledger* ledger_;
  Meters* meters_;
  Spent* spent_;                           // the exchange outlives its entries
  std::unique_ptr<audit::Record> record_;  // null once moved from or closed
  audit::Durability durability_;
  audit::Type ends_as_;  // outcome, where an intent was written; else the whole call becomes one record. Its place is reserved.
  Clock::time_point opened_;
};

/// The one place that writes records of exchanges.
class Recorder {
 public:
  /// inbox: that of the loop whose exchanges it records.
  Recorder(audit::Ledger& ledger, const config::Ledger& settings, Inbox& inbox)
      : ledger_(ledger), settings_(settings), inbox_(inbox) {}

  /// Opens the entry of one cleared message: a place in the queue of a healthy writer is reserved for its end. Side effects:
  /// the intent is on disk when this returns. stream: an intent is written now, since the outcome may be a day away.
  /// parent: the id of the entry that this one belongs to (a batch element, a message of a stream), or empty.
  Soon<policy::Outcome<Entry>> open(const Exchange& x, const policy::Cleared& cleared, const Message* message, bool stream,
                                    std::string_view parent);
  /// Ends the entry, in the class it was opened with: returns when the caller may be answered.
  Soon<policy::Outcome<void>> close(Entry entry, const Closing& closing);
  /// A refusal of an exchange that opened no entry. Before authentication it never waits.
  Task<> refuse(const Exchange& x, policy::Reason reason, const std::optional<policy::Decision>& decision,
                const Message* message, std::string_view id);
  /// Something refused or dropped inside the exchange of an open entry (a message of a stream). Does not wait.
  void note(const Exchange& x, std::string_view parent, policy::Reason reason, std::string_view method);
  /// An answer on a GET stream, to a request of another exchange.
  Task<policy::Outcome<void>> resumed(const Exchange& x, const Closing& closing);

 private:
  std::unique_ptr<audit::Record> draft(const Exchange& x, audit::Type type, const policy::Decision* decision,
                                       const Message* message, std::string_view id) const;
  std::unique_ptr<audit::Record> draft(const Exchange& x, const policy::Principal* who, audit::Type type,
                                       const policy::Decision* decision, const Message* message, std::string_view id) const;
  Task<policy::Outcome<Entry>> open_first(const Exchange& x, std::unique_ptr<audit::Record> record,
                                          audit::Durability durability);
  Task<policy::Outcome<void>> close_later(std::unique_ptr<audit::Record> record, audit::Durability durability, Spent& spent);
  policy::Outcome<void> append_now(const audit::Record& record);
  Task<policy::Outcome<void>> append(const audit::Record& record, audit::Durability durability, bool reserved);
  audit::Ledger& ledger_;
  const config::Ledger& settings_;
  Inbox& inbox_;
};

}  // namespace durward::gateway
