#include "quotas/redis_replies.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "quotas/standing.hpp"

namespace durward::quotas {
namespace {

using ReplyKind = Reply::Kind;

constexpr std::array<std::string_view, 5> kStates{"claimed", "sent", "open", "done", "unknown"};
constexpr std::array<std::string_view, 8> kClaimed{"fresh", "in_flight", "mismatch",    "open",
                                                   "done",  "unknown",   "wrong_state", "too_many_rounds"};
constexpr std::array<std::string_view, 3> kMoved{"ok", "fenced", "refused"};

template <class Word, std::size_t N>
std::optional<Word> word(const Reply& reply, const std::array<std::string_view, N>& words) {
  const auto* const found = std::find(words.begin(), words.end(), reply.text);
  if (reply.kind != ReplyKind::text || found == words.end()) return std::nullopt;
  return static_cast<Word>(found - words.begin());
}

bool has_form(const Reply& reply, std::initializer_list<ReplyKind> kinds) {
  return reply.kind == ReplyKind::list && std::equal(reply.list.begin(), reply.list.end(), kinds.begin(), kinds.end(),
                                                     [](const Reply& each, ReplyKind kind) { return each.kind == kind; });
}

std::optional<std::vector<std::int64_t>> numbers(const Reply& reply, std::size_t count) {
  if (reply.kind != ReplyKind::list || reply.list.size() != count) return std::nullopt;
  std::vector<std::int64_t> out;
  for (const Reply& each : reply.list) {
    if (each.kind != ReplyKind::number) return std::nullopt;
    out.push_back(each.number);
  }
  return out;
}

}  // namespace

std::string name_of(State state) { return std::string(kStates[static_cast<std::size_t>(state)]); }

std::string error_word(std::string_view error) {
  const std::string_view word = error.substr(0, error.find(' '));
  const bool plain =
      !word.empty() && word.size() <= 32 && std::all_of(word.begin(), word.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  return plain ? std::string(word) : "an error";
}

std::optional<Taken> read_taken(const Reply& reply, const std::vector<Demand>& demands, bool takes, std::int64_t& now_us) {
  const auto all = numbers(reply, 2 + 3 * demands.size());
  if (!all) return std::nullopt;
  now_us = (*all)[1];
  std::vector<Held> before(demands.size());
  for (std::size_t i = 0; i < demands.size(); ++i) {
    const std::int64_t* const three = all->data() + 2 + 3 * i;
    if (std::holds_alternative<Rate>(demands[i].of)) before[i].cell = three[0];
    if (std::holds_alternative<Budget>(demands[i].of)) before[i].spent = three[0];
    if (!std::holds_alternative<Concurrency>(demands[i].of)) continue;
    before[i].places = three[0];
    before[i].next_free = three[1];
    before[i].last_free = three[2];
  }
  Taken out = judge(demands, before, now_us, takes);
  if (out.passes != ((*all)[0] == 1)) return std::nullopt;
  return out;
}

std::optional<Claimed> read_claimed(const Reply& reply) {
  using enum Reply::Kind;
  if (!has_form(reply, {text, number, number, number, text, number, text})) return std::nullopt;
  const auto kind = word<Claimed::Kind>(reply.list[0], kClaimed);
  if (!kind) return std::nullopt;
  Claimed out;
  out.kind = *kind;
  out.fence = static_cast<std::uint64_t>(reply.list[1].number);
  out.round = static_cast<unsigned>(reply.list[2].number);
  out.retry_after = milliseconds(reply.list[3].number);
  out.entry = reply.list[4].text;
  out.duplicate = reply.list[5].number != 0;
  out.result = reply.list[6].text;
  return out;
}

std::optional<Moved> read_moved(const Reply& reply) { return word<Moved>(reply, kMoved); }

std::optional<std::optional<Record>> read_record(const Reply& reply) {
  using enum Reply::Kind;
  if (reply.kind == nothing) return std::optional<Record>();
  if (!has_form(reply, {text, number, number, text, text, number, number, text})) return std::nullopt;
  const auto state = word<State>(reply.list[0], kStates);
  if (!state) return std::nullopt;
  Record out;
  out.state = *state;
  out.fence = static_cast<std::uint64_t>(reply.list[1].number);
  out.round = static_cast<unsigned>(reply.list[2].number);
  out.key_id = reply.list[3].text;
  out.entry = reply.list[4].text;
  out.lease = milliseconds(reply.list[5].number);
  out.expires = milliseconds(reply.list[6].number);
  out.result = reply.list[7].text;
  return out;
}

}  // namespace durward::quotas
