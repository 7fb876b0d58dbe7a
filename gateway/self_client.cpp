#include "gateway/self_client.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/entry.hpp"
#include "gateway/on_loop.hpp"
#include "gateway/sse.hpp"
#include "gateway/stages.hpp"
#include "gateway/trace.hpp"
#include "gateway/upstream.hpp"
#include "gateway/version.hpp"
#include "policy/tool.hpp"

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

constexpr unsigned kPages = 100;  // a server that never stops turning pages; limits.tools and limits.catalogue bound the rest
constexpr std::size_t kLongestName = 8 * policy::kLongestToolName;  // as it is written, with escapes; the catalogue keeps fewer
constexpr std::chrono::seconds kBackOffMax{60};  // nobody waits for it: a call that needs the catalogue fetches at once

struct Reply {
  unsigned status = 0;
  std::string session_id;
  std::string json;  // the message that answers, or empty
};

struct Tools {
  Described described;
  std::string version;
};

/// One fetch: a client of ours, small and strict, in whichever era the server speaks.
class SelfClient {
 public:
  SelfClient(Loop& loop, std::shared_ptr<const Snapshot> now, const config::Server& server, Showing showing)
      : showing_(std::move(showing)),
        x_(loop.services, loop, nullptr, std::move(now)),
        recorder_(loop.services.ledger, loop.services.ledger_settings, loop.inbox) {
    x_.server = &server;
    x_.catalogue = &loop.services.catalogues.of(server);
    x_.head = &head_;
    x_.principal = policy::self();
    x_.trace_id = new_trace_id();
    x_.arrived = Clock::now();
    until_ = x_.arrived + x_.limits().catalogue;
  }

  Task<Outcome<Tools>> fetch() {
    if (!showing_.credential) {
      CO_SOON(auto shown, show_credential(x_));
      if (!shown) co_return std::move(shown).error();
      showing_ = *std::move(shown);
    }
    auto modern = co_await list(true);
    if (modern || !spoken_) co_return modern;
    auto opened = co_await initialize();
    if (!opened) co_return std::move(opened).error();
    auto legacy = co_await list(false);
    if (!session_id_.empty()) (void)co_await send("DELETE", std::string(), false, std::string_view());
    co_return legacy;
  }

 private:
  Task<Outcome<Tools>> list(bool modern);
  Task<Outcome<void>> initialize();
  Task<Outcome<Reply>> send(std::string method, std::string body, bool modern, std::string_view mcp_method);
  Task<Outcome<Reply>> converse(const UpstreamRequest& request, const Entry& entry);
  Headers headers(bool modern, std::string_view mcp_method) const;

  bool repeats_secret(std::string_view text) const { return showing_.credential && showing_.credential->echo.in(text); }
  Showing showing_;
  Head head_;
  Exchange x_;
  Recorder recorder_;
  Clock::time_point until_;
  std::string session_id_, revision_, version_;
  bool spoken_ = false;  // the server has answered something, if only to refuse the era
};

Headers SelfClient::headers(bool modern, std::string_view mcp_method) const {
  Headers out{
      {"content-type", "application/json"}, {"accept", "application/json, text/event-stream"}, {"accept-encoding", "identity"}};
  if (modern) {
    out.add("mcp-protocol-version", kModern);
    out.add("mcp-method", mcp_method);
  } else if (!revision_.empty()) {
    out.add("mcp-protocol-version", revision_);
  }
  if (!session_id_.empty()) out.add("mcp-session-id", session_id_);
  Trace trace;
  trace.trace_id = x_.trace_id;
  trace.span_id = x_.span_id;
  out.add("traceparent", trace.traceparent());
  return out;
}

Task<Outcome<Reply>> SelfClient::send(std::string method, std::string body, bool modern, std::string_view mcp_method) {
  x_.span_id = new_span_id();
  x_.arrived_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  x_.entry_id = audit::new_ulid(x_.arrived_ms);
  auto cleared = clear_verb(x_, *x_.principal, kFetchCatalogue);
  if (!cleared) co_return std::move(cleared).error().violation;
  CO_SOON(auto entry, recorder_.open(x_, *cleared, nullptr, false, std::string_view()));
  if (!entry) co_return std::move(entry).error();
  UpstreamRequest request;
  request.method = std::move(method);
  request.headers = headers(modern, mcp_method);
  request.body = body;
  if (showing_.credential) request.credential = &showing_.credential->line;
  auto reply = co_await converse(request, *entry);
  Closing closing;
  closing.effect = reply ? audit::Effect::completed : audit::Effect::error;
  if (reply) closing.upstream_status = static_cast<int>(reply->status);
  if (!reply) closing.reason = reply.error().reason;
  CO_SOON(auto closed, recorder_.close(*std::move(entry), closing));
  if (!closed) co_return std::move(closed).error();
  co_return reply;
}

// Reads the answer whole, or an event stream up to the first answer in it.
Task<Outcome<Reply>> SelfClient::converse(const UpstreamRequest& request, const Entry& entry) {
  UpstreamCall call(x_.loop.upstream, *x_.now, *x_.server, x_.spent);
  call.mark_own();
  auto started = co_await call.start(entry, request, until_);
  if (!started) co_return std::move(started).error();
  spoken_ = true;
  Reply reply;
  reply.status = call.status();
  if (reply.status == 401) refused_by_server(x_, showing_);
  reply.session_id = call.head().find("mcp-session-id");
  const bool stream = call.head().find("content-type").starts_with("text/event-stream");
  SseParser parser(x_.limits().event_bytes.count);
  for (;;) {
    if (stream) {
      auto fed = parser.feed(call.body());
      call.body().clear();
      while (auto event = parser.next()) {
        auto parsed = json::Document::parse(event->data);
        if (!parsed) continue;
        const json::Value root = (*parsed).root();
        if (!root.find("result") && !root.find("error")) continue;
        reply.json = event->data;
        co_return reply;
      }
      if (!fed) co_return std::move(fed).error();
    } else if (call.body().size() > x_.limits().answer_bytes.count) {
      co_return Violation(Reason::upstream_failed, "limits.answer_bytes");
    }
    if (!x_.held.also(call.body().size() + parser.pending())) co_return Violation(Reason::overloaded, "limits.buffered_bytes");
    auto more = co_await call.read();
    if (!more) co_return std::move(more).error();
    if (!*more) break;
  }
  if (!stream) reply.json = std::move(call.body());
  co_return reply;
}

Task<Outcome<Tools>> SelfClient::list(bool modern) {
  Tools tools;
  std::string cursor;
  const std::string meta = fmt::format(R"("_meta":{{"{}":"{}","{}":{{"name":"durward","version":"{}"}},"{}":{{}}}})",
                                       kVersionKey, kModern, kClientInfoKey, kVersion, kCapabilitiesKey);
  for (unsigned page = 0; page < kPages; ++page) {
    std::string params = modern ? meta : std::string();
    if (!cursor.empty()) params += (params.empty() ? "" : ",") + std::string("\"cursor\":") + cursor;
    std::string body =
        fmt::format(R"({{"jsonrpc":"2.0","id":"durward-{}","method":"tools/list","params":{{{}}}}})", page, params);
    auto reply = co_await send("POST", std::move(body), modern, "tools/list");
    if (!reply) co_return std::move(reply).error();
    auto document = json::Document::parse(std::move(reply->json));
    if (document && !x_.held.also((*document).bytes())) co_return Violation(Reason::overloaded, "limits.buffered_bytes");
    if (!document) co_return Violation(Reason::upstream_failed, "tools/list was not answered with strict JSON");
    const json::Value root = (*document).root();
    // A server without tools has an empty catalogue; one that does not know the era says so with another code or status.
    if (reply->status == 200 && root.find("error").find("code").integer() == -32601) co_return tools;
    const json::Value list = root.find("result").find("tools");
    if (!list.is(json::Kind::array)) co_return Violation(Reason::upstream_failed, "tools/list was answered without tools");
    for (const json::Value tool : list.elements()) {
      if (tool.find("name").raw().size() > kLongestName) continue;
      const Seen seen{tool.find("name").string(), tool};
      if (repeats_secret(seen.name)) continue;  // it would become a label, and stand in records
      auto known = x_.catalogue->same(seen);
      tools.described.insert_or_assign(seen.name, known ? std::move(known) : read_descriptor(tool));
    }
    if (tools.described.size() > x_.limits().tools) co_return Violation(Reason::upstream_failed, "limits.tools");
    tools.version = root.find("result").find("_meta").find("io.modelcontextprotocol/serverInfo").find("version").string();
    if (tools.version.empty()) tools.version = version_;
    if (repeats_secret(tools.version)) tools.version.clear();
    const json::Value next = root.find("result").find("nextCursor");
    if (!next.is(json::Kind::string)) co_return tools;
    cursor = next.raw();
  }
  co_return Violation(Reason::upstream_failed, "tools/list has more than 100 pages");
}

Task<Outcome<void>> SelfClient::initialize() {
  std::string body = fmt::format(
      R"({{"jsonrpc":"2.0","id":"durward-init","method":"initialize","params":{{"protocolVersion":"{}","capabilities":{{}},"clientInfo":{{"name":"durward","version":"{}"}}}}}})",
      kRevisions[1], kVersion);
  auto reply = co_await send("POST", std::move(body), false, std::string_view());
  if (!reply) co_return std::move(reply).error();
  auto document = json::Document::parse(std::move(reply->json));
  if (!document) co_return Violation(Reason::upstream_failed, "initialize was not answered with strict JSON");
  const json::Value result = (*document).root().find("result");
  revision_ = result.find("protocolVersion").string();
  if (!speaks_legacy(revision_))
    co_return Violation(Reason::upstream_failed, "initialize was not answered with a revision that we speak");
  version_ = result.find("serverInfo").find("version").string();
  if (is_upstream_session_id(reply->session_id)) session_id_ = reply->session_id;
  std::string initialized = R"({"jsonrpc":"2.0","method":"notifications/initialized"})";
  auto told = co_await send("POST", std::move(initialized), false, std::string_view());
  if (!told) co_return std::move(told).error();
  co_return Outcome<void>();
}

Task<> wait_for_fetch(Catalogue& catalogue) {
  auto start = [&catalogue](auto handler) { catalogue.after_fetch(on_loop(std::move(handler))); };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(start, use_task);
}

bool usable_version(std::string_view version) {
  return version.size() <= 128 && std::all_of(version.begin(), version.end(),
                                              [](char c) { return c > 0x20 && c < 0x7f && c != '/' && c != '@' && c != '%'; });
}

}  // namespace

bool listed_per_caller(const Snapshot& now, const config::Server& server) {
  const ServerCredential* credential = now.credentials->of(server.name);
  return credential && credential->exchanged;
}

Task<> refresh_catalogue(Loop& loop, std::shared_ptr<const Snapshot> now, const config::Server& server, Clock::duration pause,
                         Showing showing) {
  Catalogue& catalogue = loop.services.catalogues.of(server);
  if (!catalogue.begin_fetch(Clock::now(), pause)) {
    co_await wait_for_fetch(catalogue);
    co_return;
  }
  try {
    SelfClient client(loop, now, server, std::move(showing));
    auto tools = co_await client.fetch();
    if (tools) {
      if (!usable_version(tools->version)) tools->version.clear();
      for (const auto& [name, tool] : tools->described) {
        const auto before = catalogue.find(name);
        const bool news = !tool->fault.empty() && before != tool;
        if (news) loop.log_descriptor(server.name, name, tool->fault);
      }
      catalogue.replace(std::move(tools->described), std::move(tools->version));
    } else {
      loop.log_catalogue(server.name, tools.error());
    }
  } catch (const std::exception& e) {
    loop.log_catalogue(server.name, Violation(Reason::internal, e.what()));
  }
  catalogue.end_fetch(Clock::now());
}

Task<> keep_catalogues(Loop& loop) {
  ++loop.chores;
  Timer timer(loop.io.get_executor());
  std::map<std::string, Clock::duration> pauses;
  while (!loop.draining) {
    const std::shared_ptr<const Snapshot> now = loop.now;
    for (const auto& [name, server] : now->settings.servers) {
      const Catalogue& catalogue = loop.services.catalogues.of(server);
      if (listed_per_caller(*now, server)) continue;  // there is nobody in whose name it could be asked
      const bool known = catalogue.listing({}) != policy::Listing::unavailable;
      Clock::duration& pause = pauses.try_emplace(name, kRetryPause).first->second;
      if (!catalogue.due(Clock::now(), known ? Clock::duration(kRefreshEvery) : pause)) continue;
      co_await refresh_catalogue(loop, now, server, Clock::duration::zero(), Showing());
      pause = std::min<Clock::duration>(pause * 2, kBackOffMax);
    }
    timer.expires_after(std::chrono::milliseconds(200));
    error_code ignored;
    co_await timer.async_wait(into(ignored));
  }
  --loop.chores;
}

}  // namespace durward::gateway
