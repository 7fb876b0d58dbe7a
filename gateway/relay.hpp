#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gateway/broker.hpp"
#include "gateway/deadline.hpp"
#include "gateway/entry.hpp"
#include "gateway/exchange.hpp"
#include "gateway/judge.hpp"
#include "gateway/pipeline.hpp"
#include "gateway/show_credential.hpp"
#include "gateway/sse.hpp"
#include "gateway/upstream.hpp"

namespace durward::gateway {

/// Carries recorded messages to their upstream and the answers back: judged one by one, every entry closed before the
/// answer that ends it leaves. One for each exchange.
class Relay {
 public:
  Relay(Exchange& x, Recorder& recorder, Era era);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// A message with its open entry, and the secrets that stand in what is forwarded of it: they are named in its record, and
  /// taken out of what comes back. The message must outlive the relay.
  void add(const Message& message, Entry entry, std::vector<Brokered> secrets = {});
  /// The entry of an exchange without a message (GET, DELETE).
  void carry(Entry entry);
  void as_batch() { batch_ = true; }

  Task<Served> post(std::string_view body);
  Task<Served> get();
  Task<Served> del();
  /// Closes what is open as refused, effect none. The returned refusal is for the caller.
  Task<Refused> abandon(policy::Violation violation);
  /// Ends a stream that has no end of its own, because the gateway drains. Loop thread.
  void drain() { end(policy::Reason::draining); }
  /// Ends such a stream if its caller is not known any more, now or whenever its credential ends. Loop thread.
  void recheck();

 private:
  struct Call {
    const Message* message;      // null: GET or DELETE
    std::optional<Entry> entry;  // open until its answer
    std::string entry_id;
    std::vector<Brokered> secrets{};
    bool answered() const { return !entry; }
  };

  /// What is left of a JSON text whose messages were judged.
  struct Settled {
    bool nothing = false;               // every message of it was dropped or withheld
    std::optional<std::string> edited;  // absent: the text as it came
  };

  Task<Served> exchange();
  Task<Served> exchange_as(policy::Outcome<Showing> showing);
  Task<Served> exchange_later(Soon<policy::Outcome<Showing>> shown);
  Task<Served> converse();
  Task<Served> relay_json();
  Task<Served> relay_stream();
  Task<Served> relay_bare();
  Task<Served> relay_client_error();
  Soon<policy::Outcome<void>> read_all(std::uint64_t max);
  Task<policy::Outcome<void>> read_rest(std::uint64_t max);
  policy::Outcome<void> hold(std::uint64_t max);
  Task<policy::Outcome<bool>> pump(SseParser& parser);
  Task<policy::Outcome<void>> relay_event(const SseEvent& event);
  Soon<policy::Outcome<void>> emit(std::string_view bytes);
  Task<policy::Outcome<void>> emit_first(std::string bytes);
  Task<policy::Outcome<void>> emit_rest(Task<bool> sending);
  policy::Outcome<void> emitted(bool there) const;
  Soon<policy::Outcome<Settled>> settle(const json::Document& document, const std::vector<Incoming>& all, bool many);
  Task<policy::Outcome<Settled>> settle_when(Soon<policy::Outcome<void>> closed, const json::Document& document,
                                             std::vector<Edit> edits);
  Task<policy::Outcome<Settled>> settle_all(const json::Document& document, const std::vector<Incoming>& all, bool many);
  Settled settled(const json::Document& document, std::vector<Edit> edits);
  void add_notes(const Call& call, Closing& closing) const;
  bool secret() const { return showing_.credential || brokers_; }  // something of ours could come back
  bool echoed(std::string_view json) const;
  bool holds_secret(std::string_view text) const;
  std::string redacted(std::string json);
  policy::Outcome<void> judge(const Incoming& incoming, const Message* request, Closing& closing, std::vector<Edit>& edits);
  Soon<policy::Outcome<void>> close(Call& call, Closing closing);
  /// Until when the answer may come.
  Clock::time_point deadline() const;
  bool timed(const Call& call) const;
  Task<policy::Outcome<void>> close_each(audit::Effect effect, std::optional<policy::Reason> reason, bool stream_closed);
  Soon<policy::Outcome<void>> close_open(audit::Effect effect, std::optional<policy::Reason> reason, bool stream_closed);
  Task<> answer_upstream(const Incoming& request);
  void end(policy::Reason reason);
  Task<Served> fail(policy::Violation violation);
  std::string farewell(policy::Reason reason) const;
  Task<Served> end_stream(policy::Reason reason);
  Call* find(const Incoming& incoming);
  bool answers_all(const std::vector<Incoming>& all);
  bool open_calls() const;
  bool requests() const;
  void learn(const Judged& judged);
  policy::Outcome<void> negotiate(const Incoming& incoming);
  Headers down_headers(std::string_view content_type) const;

  Exchange& x_;
  Recorder& recorder_;
  const Era era_;
  std::vector<Call> calls_;
  UpstreamRequest request_;
  Showing showing_;
  bool brokers_ = false;  // some call has secrets in it
  bool echoed_ = false;   // the text that is being settled holds a secret of ours
  UpstreamCall upstream_;
  std::string held_events_;                // before the head could be sent: an `initialize` not yet answered
  std::optional<std::string> session_id_;  // minted for this answer
  bool batch_ = false, awaiting_initialize_ = false, endless_ = false;
  std::optional<policy::Reason> ending_;  // why a stream without an end of its own is brought to one
  Deadline credential_;                   // of such a stream's caller
  std::uint64_t bytes_out_ = 0, relayed_ = 0;
};

}  // namespace durward::gateway
