#pragma once
#include <cstdint>
#include <string>

namespace durward::bench {

/// What kind of MCP traffic a client makes. plain: revision 2025-11-25 without a session; session: the same within one; modern:
/// revision 2026-07-28.
enum class Traffic : std::uint8_t { plain, session, modern };

/// Makes tools/call requests that differ in their id alone.
class RequestMaker {
 public:
  /// header: one more line of each head, or empty.
  RequestMaker(Traffic traffic, std::uint16_t port, const std::string& path, const std::string& tool,
               const std::string& header) {
    const bool modern = traffic == Traffic::modern;
    head_ = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
            "\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nUser-Agent: bench/1.0\r\n"
            "Mcp-Protocol-Version: " +
            (modern ? "2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + tool : "2025-11-25") + "\r\n" + header +
            (header.empty() ? "" : "\r\n");
    tail_ = R"(,"method":"tools/call","params":{"name":")" + tool +
            R"(","arguments":{"query":"what is in the larder today","limit":10,"fields":["name","count"],"exact":false})" +
            (modern ? R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                      R"("io.modelcontextprotocol/clientCapabilities":{}})"
                    : "") +
            "}}";
  }

  /// All later requests belong to this session.
  void join(const std::string& session) { head_ += "Mcp-Session-Id: " + session + "\r\n"; }

  std::string call(std::uint64_t id) const { return whole(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + tail_); }

  std::string initialize() const {
    return whole(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},)"
                 R"("clientInfo":{"name":"bench","version":"1.0"}}})");
  }

 private:
  std::string whole(const std::string& body) const {
    return head_ + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::string head_, tail_;
};

}  // namespace durward::bench
