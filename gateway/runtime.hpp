#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "audit/ledger.hpp"
#include "config/settings.hpp"
#include "policy/outcome.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

struct Snapshot;
struct Tls;

/// What is needed to start, all of it loaded and checked.
struct Start {
  config::Settings settings;
  std::shared_ptr<const policy::Rulebook> rules;
  std::shared_ptr<const Tls> tls;
  audit::Keyring keyring;
  std::unique_ptr<audit::Ledger> ledger;
};

/// The composition root: builds every part in the order of dependence, and alone knows the order of shutdown, its reverse.
class Runtime {
 public:
  /// Binds the ports and starts the loops. Errors: one sentence for the operator.
  static policy::Outcome<std::unique_ptr<Runtime>, std::string> start(Start start);
  ~Runtime();

  std::string data_url() const;  // "http://127.0.0.1:8088"
  std::string admin_url() const;

  /// Every exchange that begins from now on sees the new settings and rulebook. Errors name a setting that only a restart
  /// changes; then nothing has changed. Any thread.
  policy::Outcome<void, std::string> reload(const config::Settings& settings, std::shared_ptr<const policy::Rulebook> rules,
                                            std::shared_ptr<const Tls> tls);

  /// For the metrics: a reload was refused before it got here, since its files do not hold. Any thread.
  void reload_refused();

  /// Stops accepting, lets exchanges finish within limits.drain, then cuts what is left; seals the ledger; joins all threads.
  /// Returns whether every record was written. Main thread, once.
  bool drain();

 private:
  struct State;
  explicit Runtime(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace durward::gateway
