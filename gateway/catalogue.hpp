#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/settings.hpp"
#include "gateway/descriptor.hpp"
#include "policy/rulebook.hpp"

namespace durward::gateway {

/// A tool as a list names it; the value lives as long as its document.
struct Seen {
  std::string name;
  json::Value tool;
};

using Described = std::map<std::string, std::shared_ptr<const Descriptor>, std::less<>>;

/// The tools of one server as last seen: from the gateway's own fetch, and learnt from every list that passes.
/// Thread-safe: readers take a snapshot under a short lock.
class Catalogue {
 public:
  policy::Listing listing(std::string_view tool) const;
  /// The tool's descriptor; null where it is not listed, or was never seen described.
  std::shared_ptr<const Descriptor> find(std::string_view tool) const;
  /// The version that the server reports of itself, or empty.
  std::string version() const;

  /// A whole list: replaces what was known. Of names that no rule could match, being too long, none is kept.
  void replace(Described tools, std::string reported_version);
  /// Those of them that are described as before, as they were compiled then.
  std::shared_ptr<const Descriptor> same(const Seen& seen) const;
  /// Names from one list that passed, which may be one page of several. Of those that would make it more than most
  /// (limits.tools) none is kept: a call to one of them asks the server for its list.
  /// What is known already keeps its descriptor; another one makes the catalogue stale, once.
  void learn(const std::vector<Seen>& tools, std::size_t most);
  /// A list_changed passed: the next question about an unknown name may fetch again at once.
  void stale();

  /// Whether a fetch should run now: none is running and the last one is at least pause old (or the list is stale). Marks it as
  /// running.
  bool begin_fetch(std::chrono::steady_clock::time_point now, std::chrono::steady_clock::duration pause);
  /// Whether begin_fetch would say yes, without beginning.
  bool due(std::chrono::steady_clock::time_point now, std::chrono::steady_clock::duration pause) const;
  void end_fetch(std::chrono::steady_clock::time_point now);
  /// For the metrics. age: since the last fetch ended, however it ended.
  struct Figures {
    bool known = false;
    std::size_t tools = 0;
    std::optional<std::chrono::steady_clock::duration> age;
  };
  Figures figures(std::chrono::steady_clock::time_point now) const;

  /// Calls done once the fetch that is running has ended, on the thread that ends it; at once if none is.
  void after_fetch(std::function<void()> done);

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Described> tools_;                  // null: nothing is known yet
  std::map<std::string, std::size_t, std::less<>> others_;  // the last other descriptor that was seen of a tool, by its seal
  std::string reported_;
  bool fetching_ = false, stale_ = false;
  std::vector<std::function<void()>> waiting_;
  std::chrono::steady_clock::time_point fetched_{};
};

/// One Catalogue per server and URL (a server that has moved is another one), made when first asked for and kept for good.
/// Thread-safe.
class Catalogues {
 public:
  Catalogue& of(const config::Server& server);

 private:
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Catalogue>> all_;
};

}  // namespace durward::gateway
