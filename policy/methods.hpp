#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace durward::policy {

/// Which of a server's things a method is about.
enum class Subject : std::uint8_t { plumbing, tools, prompts, resources, completion, other };

struct Method {
  std::string_view name;
  Subject about;
  bool lists;  // asks for a list that the gateway fetches for itself too
};

/// What a client may send, in any revision, in the order of the names, and what the gateway judges that is no JSON-RPC method
/// (`durward/…`; a client that sends one is refused by the codec). Everything else is refused in every mode.
/// Plumbing keeps a connection usable and tells nothing of what a server has: no list of methods takes it away.
inline constexpr std::array<Method, 28> kMethods{{
    {"completion/complete", Subject::completion, false},
    {"durward/catalogue", Subject::plumbing, false},  // the gateway's own fetch of a tool list
    {"durward/end", Subject::plumbing, false},        // DELETE of a session
    {"durward/response", Subject::plumbing, false},   // a client's answer to a server's request
    {"durward/stream", Subject::plumbing, false},     // GET
    {"initialize", Subject::plumbing, false},
    {"logging/setLevel", Subject::other, false},
    {"notifications/cancelled", Subject::plumbing, false},
    {"notifications/initialized", Subject::plumbing, false},
    {"notifications/progress", Subject::plumbing, false},
    {"notifications/roots/list_changed", Subject::other, false},
    {"notifications/tasks/status", Subject::other, false},
    {"ping", Subject::plumbing, false},
    {"prompts/get", Subject::prompts, false},
    {"prompts/list", Subject::prompts, true},
    {"resources/list", Subject::resources, true},
    {"resources/read", Subject::resources, false},
    {"resources/subscribe", Subject::resources, false},
    {"resources/templates/list", Subject::resources, true},
    {"resources/unsubscribe", Subject::resources, false},
    {"server/discover", Subject::plumbing, false},
    {"subscriptions/listen", Subject::other, false},
    {"tasks/cancel", Subject::other, false},
    {"tasks/get", Subject::other, false},
    {"tasks/list", Subject::other, false},
    {"tasks/result", Subject::other, false},
    {"tools/call", Subject::tools, false},
    {"tools/list", Subject::tools, true},
}};

/// Place of a method in kMethods.
std::optional<std::size_t> method_index(std::string_view name) noexcept;

}  // namespace durward::policy
