#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "cmd/command.hpp"
#include "gateway/demo_server.hpp"

namespace durward::cmd {

void add_demo(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("demo", "Run a small MCP server to try the gateway with");
  command->footer(
      "Tools: clock.now, math.add, notes.list, notes.read, notes.write, and shell.run, which executes nothing.\n"
      "GET /calls tells how often each was called.");
  auto port = std::make_shared<std::uint16_t>(std::uint16_t{3001});
  command->add_option("--port", *port, "Port on 127.0.0.1; 0 picks a free one")->capture_default_str();
  command->callback([port, &exit_code] {
    const auto ready = [](std::uint16_t bound) {
      fmt::print("demo server http://127.0.0.1:{}/mcp\n", bound);
      std::fflush(stdout);
    };
    const auto served = gateway::serve_demo(*port, ready);
    if (served) return;
    fmt::print(stderr, "durward demo: {}\n", served.error());
    exit_code = 2;
  });
}

}  // namespace durward::cmd
