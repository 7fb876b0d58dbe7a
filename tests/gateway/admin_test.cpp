#include "gateway/admin_answers.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "../audit/support.hpp"
#include "gateway/deadline.hpp"
#include "gateway/metrics_table.hpp"
#include "gateway/services.hpp"

using namespace durward;
using namespace durward::gateway;
using namespace std::chrono_literals;

namespace {

/// Two loops that stand still unless they are advanced, and what they share.
struct Standing {
  audit::test::Folder folder;
  audit::test::Machine machine;
  config::Settings settings;
  audit::Keyring keyring = audit::test::ring();
  std::unique_ptr<audit::Ledger> ledger = audit::test::must_open(audit::test::settings(folder.path()), machine, keyring);
  std::unique_ptr<Services> services;
  asio::io_context io{1};
  Deadlines first{io.get_executor()}, second{io.get_executor()};
  std::unique_ptr<Meters> meters;

  Standing() {
    auto sealer = SessionSealer::make(keyring.session);
    REQUIRE(sealer);
    services = std::make_unique<Services>(settings, *ledger, *std::move(sealer), std::vector<authn::HashKey>());
    meters = std::make_unique<Meters>(services->tool_series);
  }
  AdminAnswers answers() const {
    return AdminAnswers(settings.admin, *services, {{meters.get(), &first}, {meters.get(), &second}});
  }
};

}  // namespace

TEST_CASE("a loop that has not ticked for admin.stall makes the gateway not alive, and is named") {
  Standing gateway;
  gateway.settings.admin.stall = 10s;
  const AdminAnswers answers = gateway.answers();
  const Clock::time_point now = Clock::now();
  CHECK(answers.livez(now + 9s).status == 200);
  const AdminAnswer stalled = answers.livez(now + 11s);
  CHECK(stalled.status == 503);
  CHECK(stalled.body == "{\"status\":\"stalled\",\"loops\":2,\"stalled_loops\":[0,1]}\n");
  gateway.settings.admin.stall = 12s;
  CHECK(gateway.answers().livez(now + 11s).status == 200);
}

TEST_CASE("a loop that ticks is alive, and only the one that does not is named") {
  Standing gateway;
  gateway.settings.admin.stall = 1s;
  const AdminAnswers answers = gateway.answers();
  const Clock::time_point later = Clock::now() + 1h;
  gateway.first.advance(later);
  const AdminAnswer answer = answers.livez(later + 500ms);
  CHECK(answer.status == 503);
  CHECK(answer.body == "{\"status\":\"stalled\",\"loops\":2,\"stalled_loops\":[1]}\n");
  gateway.second.advance(later);
  CHECK(answers.livez(later + 500ms).status == 200);
}

TEST_CASE("before a configuration is in force the gateway is not ready") {
  const Standing gateway;
  const AdminAnswer answer = gateway.answers().readyz();
  CHECK(answer.status == 503);
  CHECK(answer.body.find(R"("config":"not ok","ledger":"ok","catalogue":"not ok")") != std::string::npos);
}

TEST_CASE(
    "every metric of the table that needs no traffic, server, issuer or TLS is in the exposition, with its type and help") {
  const Standing gateway;
  const std::string text = gateway.answers().metrics().text();
  for (const MetricRow& each : metric_table()) {
    const std::string_view label = each.labels[0];
    const bool quiet = label != "server" && label != "issuer" && label != "method" && each.metric != Metric::rulebook_info &&
                       !each.name.starts_with("durward_tls_");
    INFO(each.name << "\n" << text);
    CHECK((text.find("# HELP " + std::string(each.name) + " " + std::string(each.help) + "\n") != std::string::npos) == quiet);
  }
}
