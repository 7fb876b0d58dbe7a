#include "gateway/vocabulary.hpp"

#include <algorithm>

namespace durward::gateway {
namespace {

template <std::size_t N>
using Words = std::array<std::string_view, N>;

// Both eras.
constexpr Words<8> kClientRequests{"completion/complete", "prompts/get",    "prompts/list",
                                   "resources/list",      "resources/read", "resources/templates/list",
                                   "tools/call",          "tools/list"};
constexpr Words<2> kModernClientRequests{"server/discover", "subscriptions/listen"};
constexpr Words<9> kLegacyClientRequests{
    "initialize",   "logging/setLevel", "ping",       "resources/subscribe", "resources/unsubscribe",
    "tasks/cancel", "tasks/get",        "tasks/list", "tasks/result"};

constexpr Words<1> kModernClientNotifications{"notifications/cancelled"};
constexpr Words<5> kLegacyClientNotifications{"notifications/cancelled", "notifications/initialized", "notifications/progress",
                                              "notifications/roots/list_changed", "notifications/tasks/status"};

constexpr Words<8> kLegacyServerRequests{"elicitation/create", "ping",      "roots/list", "sampling/createMessage",
                                         "tasks/cancel",       "tasks/get", "tasks/list", "tasks/result"};

constexpr Words<7> kServerNotifications{"notifications/cancelled",
                                        "notifications/message",
                                        "notifications/progress",
                                        "notifications/prompts/list_changed",
                                        "notifications/resources/list_changed",
                                        "notifications/resources/updated",
                                        "notifications/tools/list_changed"};
constexpr Words<1> kModernServerNotifications{"notifications/subscriptions/acknowledged"};
constexpr Words<2> kLegacyServerNotifications{"notifications/elicitation/complete", "notifications/tasks/status"};

template <std::size_t N>
bool in(const Words<N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Named {
  std::string_view method;
  policy::Target target;
  std::string_view member;
  bool mirrored;  // in Mcp-Name
};

constexpr std::array<Named, 5> kNamed{{{"tools/call", policy::Target::tool, "name", true},
                                       {"prompts/get", policy::Target::prompt, "name", true},
                                       {"resources/read", policy::Target::resource, "uri", true},
                                       {"resources/subscribe", policy::Target::resource, "uri", false},
                                       {"resources/unsubscribe", policy::Target::resource, "uri", false}}};

const Named* named(std::string_view method) {
  const auto* found = std::find_if(kNamed.begin(), kNamed.end(), [&](const Named& each) { return each.method == method; });
  return found == kNamed.end() ? nullptr : found;
}

}  // namespace

std::string_view name(Era era) noexcept { return era == Era::modern ? "modern" : "legacy"; }

bool speaks(std::string_view revision) { return in(kRevisions, revision); }

bool speaks_legacy(std::string_view revision) { return speaks(revision) && !is_modern(revision); }

bool is_modern(std::string_view revision) { return revision >= kModern; }

bool client_may_send(Era era, std::string_view method, bool is_request) {
  if (era == Era::modern) {
    return is_request ? in(kClientRequests, method) || in(kModernClientRequests, method)
                      : in(kModernClientNotifications, method);
  }
  if (!is_request) return in(kLegacyClientNotifications, method);
  return in(kClientRequests, method) || in(kLegacyClientRequests, method);
}

bool server_may_send(Era era, std::string_view method, bool is_request) {
  if (is_request) return era == Era::legacy && in(kLegacyServerRequests, method);
  if (in(kServerNotifications, method)) return true;
  return era == Era::modern ? in(kModernServerNotifications, method) : in(kLegacyServerNotifications, method);
}

policy::Target target_of(std::string_view method) {
  const Named* found = named(method);
  return found != nullptr ? found->target : policy::Target::none;
}

std::string_view name_member(std::string_view method) {
  const Named* found = named(method);
  return found != nullptr ? found->member : std::string_view();
}

bool mirrors_name(std::string_view method) {
  const Named* found = named(method);
  return found != nullptr && found->mirrored;
}

}  // namespace durward::gateway
