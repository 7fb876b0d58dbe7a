#include "gateway/resolver.hpp"

#include <boost/asio/ip/basic_resolver.hpp>
#include <memory>

namespace durward::gateway {

using policy::Outcome;
using policy::Reason;
using policy::Violation;

namespace {

Resolver::LookUp system_look_up(Executor executor) {
  using System = asio::ip::basic_resolver<tcp, Executor>;
  auto system = std::make_shared<System>(executor);
  return [system](const std::string& host, const std::string& port, Resolver::Found found) {
    system->async_resolve(host, port, [found = std::move(found)](error_code ec, const System::results_type& results) {
      Resolver::Endpoints endpoints;
      for (const auto& item : results) endpoints.push_back(item.endpoint());
      found(ec, std::move(endpoints));
    });
  };
}

}  // namespace

Resolver::Resolver(Executor executor) : Resolver(executor, system_look_up(executor)) {}

// names_ never loses a name, so that a reference to one stays good.
void Resolver::begin(Name& name, const config::Url& url) {
  name.looking = true;
  look_up_(url.host, std::to_string(url.port), [&name](error_code ec, Endpoints endpoints) {
    name.looking = false;
    name.error = ec;
    if (!ec) {
      name.endpoints = std::move(endpoints);
      name.until = Clock::now() + kRemembered;
    }
    for (Timer* timer : name.waiting) timer->cancel();
  });
}

Task<Outcome<Resolver::Endpoints>> Resolver::find(const config::Url& url, Clock::time_point until, Timer*& waiting) {
  error_code ec;
  const asio::ip::address literal = asio::ip::make_address(url.host, ec);
  if (!ec) {
    Endpoints one{tcp::endpoint(literal, url.port)};
    co_return one;
  }
  Name& name = names_[url.host + ' ' + std::to_string(url.port)];
  if (name.until > Clock::now()) co_return name.endpoints;
  if (!name.looking) begin(name, url);
  Timer timer(executor_, until);
  name.waiting.insert(&timer);
  waiting = &timer;
  co_await timer.async_wait(into(ec));
  waiting = nullptr;
  name.waiting.erase(&timer);
  if (name.looking) co_return Violation(Reason::upstream_timeout, "no address of " + url.host + " in time");
  if (name.error) co_return Violation(Reason::upstream_unreachable, "cannot resolve " + url.host + ": " + name.error.message());
  co_return name.endpoints;
}

}  // namespace durward::gateway
