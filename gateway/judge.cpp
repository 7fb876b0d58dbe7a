#include "gateway/judge.hpp"

#include <algorithm>

namespace durward::gateway {

using policy::Reason;

namespace {

Judged refuse(Reason reason, std::string detail) {
  Judged out;
  out.what = Judged::Do::refuse;
  out.reason = reason;
  out.detail = std::move(detail);
  return out;
}

// MRTR: a result may ask the client for input, in three ways only.
bool may_ask(json::Value result) {
  if (!result.find("resultType").equals("input_required")) return true;
  for (const json::Member& ask : result.find("inputRequests").members()) {
    const json::Value method = ask.value.find("method");
    if (!method.equals("elicitation/create") && !method.equals("sampling/createMessage") && !method.equals("roots/list"))
      return false;
  }
  return true;
}

bool visible(const Exchange& x, policy::Target target, std::string_view name, std::string_view method) {
  policy::Naming naming;
  naming.server = x.server->name;
  naming.method = method;
  naming.target = target;
  naming.name = name;
  const std::string version = target == policy::Target::tool ? x.version() : std::string();
  naming.version = version;
  return x.rules().visible(*x.principal, naming);
}

}  // namespace

Judged judge_unasked(const Incoming& incoming, Era era) {
  Judged out;
  const bool request = incoming.kind == IncomingKind::request;
  if (!server_may_send(era, incoming.method, request)) {
    out.what = request && era == Era::legacy ? Judged::Do::withhold : Judged::Do::drop;
    out.detail = request ? "a request that a server may not send" : "a notification that a server may not send";
    return out;
  }
  out.list_changed = incoming.method == "notifications/tools/list_changed";
  return out;
}

Judged judge_answer(const Incoming& incoming, const Message* request, const Exchange& x) {
  Judged out;
  if (incoming.kind == IncomingKind::error) {
    if (auto edit = cut_supported(incoming.error)) out.edits.push_back(*std::move(edit));
    return out;
  }
  const json::Value result = incoming.result;
  if (!may_ask(result)) return refuse(Reason::withheld, "inputRequests asks for what a server may not ask");
  // A tool's own result may well have a member called `tools`: the method says what is a list, where it is known.
  const bool by_shape = !request;
  const std::string_view method = request ? std::string_view(request->method) : std::string_view();
  if (method == "server/discover" || by_shape) {
    if (auto edit = cut_versions(result)) out.edits.push_back(*std::move(edit));
  }
  const bool list = by_shape || method == "tools/list" || method == "prompts/list" || method == "resources/list" ||
                    method == "resources/templates/list";
  if (!list) return out;
  const Visible shows = [&x](policy::Target target, std::string_view name, std::string_view use) {
    return visible(x, target, name, use);
  };
  auto filtered = filter_lists(result, shows);
  if (!filtered) return refuse(filtered.error().reason, filtered.error().detail);
  out.edits.insert(out.edits.end(), filtered->edits.begin(), filtered->edits.end());
  out.tools_list = std::find(filtered->kinds.begin(), filtered->kinds.end(), ListKind::tools) != filtered->kinds.end();
  for (const Item& item : filtered->items)
    if (item.kind == ListKind::tools) out.tools_seen.push_back({item.name, item.value});
  return out;
}

}  // namespace durward::gateway
