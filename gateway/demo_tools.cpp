#include "gateway/demo_tools.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>

#include "policy/canonical.hpp"

namespace durward::gateway {
namespace {

using json::Kind;
using json::Value;
using Notes = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kModern = "2026-07-28";
constexpr std::array<std::string_view, 3> kLegacy{"2025-11-25", "2025-06-18", "2025-03-26"};
constexpr std::string_view kServerInfo = R"({"name":"durward-demo","version":"1.0.0"})";
constexpr std::size_t kNotes = 100;

/// The text of a tool's result; nullopt: the arguments do not fit.
using Text = std::optional<std::string>;

Text list_notes(Notes& notes, const Value& /*arguments*/) {
  std::string text;
  for (const auto& [name, note] : notes) text += name + "\n";
  return text;
}

Text read_note(Notes& notes, const Value& arguments) {
  const auto note = notes.find(arguments.find("name").string());
  if (note == notes.end()) return std::nullopt;
  return note->second;
}

Text write_note(Notes& notes, const Value& arguments) {
  const Value name = arguments.find("name");
  const Value text = arguments.find("text");
  if (!name.is(Kind::string) || !text.is(Kind::string) || notes.size() >= kNotes) return std::nullopt;
  notes[name.string()] = text.string();
  return "written";
}

Text now(Notes& /*notes*/, const Value& /*arguments*/) {
  const auto seconds = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::optional<double> real(const Value& value) {
  double number = 0;
  const std::string_view token = value.raw();
  if (!value.is(Kind::number) || std::from_chars(token.data(), token.data() + token.size(), number).ec != std::errc()) {
    return std::nullopt;
  }
  return number;
}

Text add(Notes& /*notes*/, const Value& arguments) {
  const auto a = real(arguments.find("a"));
  const auto b = real(arguments.find("b"));
  if (!a || !b) return std::nullopt;
  return json::number(*a + *b);
}

Text run_shell(Notes& /*notes*/, const Value& arguments) {
  const Value command = arguments.find("command");
  if (!command.is(Kind::string)) return std::nullopt;
  return "would have run: " + command.string();
}

struct Tool {
  std::string_view name, description, properties, required;
  Text (*run)(Notes&, const Value&);
};

constexpr std::array kTools{
    Tool{"clock.now", "The time of day in UTC.", "", "", now},
    Tool{"math.add", "The sum of two numbers.", R"("a":{"type":"number"},"b":{"type":"number"})", R"("a","b")", add},
    Tool{"notes.list", "The names of all notes.", "", "", list_notes},
    Tool{"notes.read", "The text of a note.", R"("name":{"type":"string"})", R"("name")", read_note},
    Tool{"notes.write", "Stores a note.", R"("name":{"type":"string"},"text":{"type":"string"})", R"("name","text")",
         write_note},
    Tool{"shell.run", "Runs a shell command (this one only says so).", R"("command":{"type":"string"})", R"("command")",
         run_shell},
};

std::string tool_list() {
  std::string list;
  for (const Tool& tool : kTools) {
    list += fmt::format(
        R"({}{{"name":"{}","description":"{}","inputSchema":{{"type":"object","properties":{{{}}},"required":[{}]}}}})",
        list.empty() ? "" : ",", tool.name, tool.description, tool.properties, tool.required);
  }
  return list;
}

DemoAnswer failure(int status, std::string_view id, int code, std::string_view message, std::string_view data = {}) {
  const std::string of = id.empty() ? "" : fmt::format(R"("id":{},)", id);
  const std::string more = data.empty() ? "" : fmt::format(R"(,"data":{})", data);
  return {status,
          fmt::format(R"({{"jsonrpc":"2.0",{}"error":{{"code":{},"message":{}{}}}}})", of, code, json::quote(message), more)};
}

/// members: those of the result. Modern results say that they are complete, and who answers; cacheable ones for how long.
DemoAnswer success(std::string_view id, bool modern, std::string_view members, bool cacheable) {
  std::string all(members);
  const auto append = [&all](std::string_view more) { all += all.empty() ? more : fmt::format(",{}", more); };
  if (modern) {
    append(fmt::format(R"("resultType":"complete","_meta":{{"io.modelcontextprotocol/serverInfo":{}}})", kServerInfo));
    if (cacheable) append(R"("ttlMs":0,"cacheScope":"public")");
  }
  return {200, fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{{{}}}}})", id, all)};
}

/// The refusal of a modern request whose headers or revision do not fit; nullopt: they do.
std::optional<DemoAnswer> misfit(const Value& message, const Value& version, std::string_view id, const DemoHeaders& headers) {
  const Value name = message.find("params").find("name");
  const bool named = message.find("method").equals("tools/call");
  if (!version.equals(headers.version)) return failure(400, id, -32020, "MCP-Protocol-Version and the body disagree");
  if (headers.version != kModern) {
    const std::string data = fmt::format(R"({{"supported":["{}"],"requested":{}}})", kModern, version.raw());
    return failure(400, id, -32022, "Unsupported protocol version", data);
  }
  if (!message.find("method").equals(headers.method)) return failure(400, id, -32020, "Mcp-Method and the body disagree");
  if (named && !name.equals(headers.name)) return failure(400, id, -32020, "Mcp-Name and the body disagree");
  return std::nullopt;
}

std::string initialized(const Value& params) {
  const Value asked = params.find("protocolVersion");
  const auto spoken = std::find_if(kLegacy.begin(), kLegacy.end(), [&](std::string_view each) { return asked.equals(each); });
  return fmt::format(R"("protocolVersion":"{}","capabilities":{{"tools":{{}}}},"serverInfo":{})",
                     spoken == kLegacy.end() ? kLegacy.front() : *spoken, kServerInfo);
}

}  // namespace

DemoAnswer DemoTools::answer(std::string body, const DemoHeaders& headers) {
  auto document = json::Document::parse(std::move(body));
  if (!document) return failure(400, {}, -32700, "Parse error");
  const Value message = document->root();
  if (!message.is(Kind::object) || !message.find("jsonrpc").equals("2.0")) return failure(400, {}, -32600, "Invalid request");
  if (!message.find("id") || !message.find("method")) return {202, {}};  // notifications and posted responses
  return dispatch(message, headers);
}

DemoAnswer DemoTools::dispatch(const Value& message, const DemoHeaders& headers) {
  const std::string_view id = message.find("id").raw();
  const std::string method = message.find("method").string();
  const Value params = message.find("params");
  const Value version = params.find("_meta").find("io.modelcontextprotocol/protocolVersion");
  const bool modern = static_cast<bool>(version);
  if (modern) {
    if (auto refused = misfit(message, version, id, headers)) return *std::move(refused);
  }
  if (method == "tools/list") return success(id, modern, fmt::format(R"("tools":[{}])", tool_list()), true);
  if (method == "tools/call") return call(params, id, modern);
  if (modern && method == "server/discover") {
    return success(id, modern, fmt::format(R"("supportedVersions":["{}"],"capabilities":{{"tools":{{}}}})", kModern), true);
  }
  if (!modern && method == "initialize") return success(id, modern, initialized(params), false);
  if (!modern && method == "ping") return success(id, modern, "", false);
  return failure(modern ? 404 : 200, id, -32601, "Method not found");
}

DemoAnswer DemoTools::call(const Value& params, std::string_view id, bool modern) {
  const Value name = params.find("name");
  const auto tool = std::find_if(kTools.begin(), kTools.end(), [&](const Tool& each) { return name.equals(each.name); });
  if (tool == kTools.end()) return failure(200, id, -32602, "Unknown tool: " + name.string());
  ++calls_[std::string(tool->name)];
  const Text text = tool->run(notes_, params.find("arguments"));
  const std::string members = fmt::format(R"("content":[{{"type":"text","text":{}}}],"isError":{})",
                                          json::quote(text.value_or("the arguments do not fit")), !text);
  return success(id, modern, members, false);
}

std::string DemoTools::calls() const {
  std::string all;
  for (const Tool& tool : kTools) {
    const auto counted = calls_.find(tool.name);
    all += fmt::format(R"({}"{}":{})", all.empty() ? "" : ",", tool.name, counted == calls_.end() ? 0 : counted->second);
  }
  return "{" + all + "}\n";
}

}  // namespace durward::gateway
