#include "gateway/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>

#include "gateway/deadline.hpp"
#include "gateway/log.hpp"
#include "gateway/metrics_process.hpp"
#include "gateway/metrics_table.hpp"
#include "gateway/services.hpp"
#include "gateway/version.hpp"

namespace durward::gateway {

namespace {

using Labels = std::vector<std::string>;  // values, in the order of the table's names

prometheus::MetricType type_of(MetricKind kind) {
  switch (kind) {
    case MetricKind::counter:
      return prometheus::MetricType::Counter;
    case MetricKind::histogram:
      return prometheus::MetricType::Histogram;
    case MetricKind::gauge:
      break;
  }
  return prometheus::MetricType::Gauge;
}

/// The families under construction, one for each row of the table, in its order.
class Families {
 public:
  Families() : all_(kMetrics) {
    for (const MetricRow& each : metric_table()) {
      prometheus::MetricFamily& family = at(each.metric);
      family.name = each.name;
      family.help = each.help;
      family.type = type_of(each.kind);
    }
  }

  template <class Number>
  void set(Metric metric, Number value, const Labels& labels = {}) {
    prometheus::ClientMetric& one = add(metric, labels);
    (row(metric).kind == MetricKind::counter ? one.counter.value : one.gauge.value) = static_cast<double>(value);
  }
  template <class Number>
  void set_if(Metric metric, const std::optional<Number>& value) {
    if (value) set(metric, *value);
  }

  void set(Metric metric, const Timing& timing, const Labels& labels) {
    fill(add(metric, labels).histogram, kBounds, timing.buckets, timing.sum_us, 1e6);
  }
  void set(Metric metric, const audit::BatchSizes& sizes) {
    fill(add(metric, {}).histogram, audit::BatchSizes::kBounds, sizes.buckets, sizes.records, 1);
  }

  std::vector<prometheus::MetricFamily> take() {
    std::erase_if(all_, [](const prometheus::MetricFamily& family) { return family.metric.empty(); });
    return std::move(all_);
  }

 private:
  /// unit: how many of what bounds and sum count make one of what the metric's name says.
  template <class Bounds, class Buckets>
  static void fill(prometheus::ClientMetric::Histogram& out, const Bounds& bounds, const Buckets& buckets, std::uint64_t sum,
                   double unit) {
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      count += buckets[i];
      out.bucket.push_back({count, static_cast<double>(bounds[i]) / unit});
    }
    out.sample_count = count + buckets.back();
    out.sample_sum = static_cast<double>(sum) / unit;
  }

  prometheus::MetricFamily& at(Metric metric) { return all_[static_cast<std::size_t>(metric)]; }

  // An empty label is the same as none to Prometheus: it is left out.
  prometheus::ClientMetric& add(Metric metric, const Labels& labels) {
    prometheus::ClientMetric& one = at(metric).metric.emplace_back();
    for (std::size_t i = 0; i < labels.size(); ++i)
      if (!labels[i].empty()) one.label.push_back({std::string(row(metric).labels.at(i)), labels[i]});
    return one;
  }

  std::vector<prometheus::MetricFamily> all_;
};

void add_totals(Families& out, const Totals& totals) {
  for (const auto& [key, count] : totals.requests)
    out.set(Metric::requests, count, {key.server, key.method, key.era, key.verdict, key.reason});
  for (const auto& [key, count] : totals.tools) out.set(Metric::tool_calls, count, {key.server, key.tool, key.verdict});
  for (const auto& [key, count] : totals.withheld) out.set(Metric::messages_withheld, count, {key.server, key.reason});
  for (const auto& [server, count] : totals.would_deny) out.set(Metric::would_deny, count, {server});
  for (const auto& [key, count] : totals.authentications) out.set(Metric::authentications, count, {key.method, key.result});
  constexpr std::array<const char*, kParts> parts{"gateway", "upstream", "ledger", "caller"};
  for (const auto& [server, timings] : totals.timings)
    for (std::size_t part = 0; part < kParts; ++part) out.set(Metric::exchange_duration, timings[part], {server, parts[part]});
  out.set(Metric::exchanges_in_flight, totals.in_flight);
  out.set(Metric::streams_open, totals.streams);
  out.set(Metric::stream_events, totals.events);
  out.set(Metric::credentials_redacted, totals.redacted);
}

void add_key_sets(Families& out, const AuthnMethods& methods) {
  for (const AuthnMethods::JwtIssuer& one : methods.issuers) {
    const std::string& issuer = one.issuer.name();
    const KeySource::Figures figures = one.keys->figures(Clock::now());
    out.set(Metric::key_set_keys, figures.usable ? figures.keys : 0, {issuer});
    if (figures.age) out.set(Metric::key_set_age, std::chrono::duration<double>(*figures.age).count(), {issuer});
    if (!one.keys->url()) continue;
    out.set(Metric::key_set_fetches, figures.fetches - figures.failures, {issuer, "success"});
    out.set(Metric::key_set_fetches, figures.failures, {issuer, "failed"});
  }
}

void add_certificates(Families& out, const Tls& tls) {
  if (tls.listen) out.set(Metric::certificate_expiry, tls.listen->expires(), {"listen", ""});
  if (tls.admin) out.set(Metric::certificate_expiry, tls.admin->expires(), {"admin", ""});
  for (const auto& [name, client] : tls.servers)
    if (client->expires() != 0) out.set(Metric::certificate_expiry, client->expires(), {"server", name});
}

void add_handshakes(Families& out, const Handshakes& handshakes, const Tls& tls) {
  using Listener = Handshakes::Listener;
  for (const auto& [listener, server] :
       {std::pair{Listener::data, tls.listen.get()}, std::pair{Listener::admin, tls.admin.get()}})
    for (std::size_t end = 0; server && end < Handshakes::kEnds; ++end) {
      const auto each = static_cast<Handshakes::End>(end);
      const Labels labels{std::string(Handshakes::name(listener)), std::string(Handshakes::name(each))};
      out.set(Metric::handshakes, handshakes.ended(listener, each), labels);
    }
}

void add_shared(Families& out, Services& services) {
  const TokenStore::Figures tokens = services.tokens.figures();
  out.set(Metric::upstream_tokens, tokens.held);
  out.set(Metric::upstream_token_fetches, tokens.fetches - tokens.failures, {"success"});
  out.set(Metric::upstream_token_fetches, tokens.failures, {"failed"});
  out.set(Metric::connections_open, services.doormen.inside());
  out.set(Metric::connections_refused, services.doormen.refused());
  out.set(Metric::buffered_bytes, services.buffered.held());
  const audit::Ledger::Numbers ledger = services.ledger.numbers();
  out.set(Metric::ledger_queue, ledger.queued);
  out.set(Metric::ledger_records, ledger.records);
  out.set(Metric::ledger_batch_records, ledger.batches);
  out.set(Metric::ledger_at_risk, ledger.at_risk);
  out.set(Metric::ledger_healthy, ledger.healthy);
  out.set(Metric::ledger_failed, ledger.failed);
  const log::Lost lost = log::lost();
  out.set(Metric::log_suppressed, lost.rate, {"rate"});
  out.set(Metric::log_suppressed, lost.queue, {"queue"});
}

void add_servers(Families& out, Services& services, const Snapshot& now) {
  for (const auto& [name, server] : now.settings.servers) {
    const Cap& cap = services.cap(name, now.settings.limits.upstream_connections);
    out.set(Metric::upstream_connections, cap.used(), {name, "in_use"});
    out.set(Metric::upstream_connections, cap.idle(), {name, "idle"});
    const Catalogue::Figures catalogue = services.catalogues.of(server).figures(Clock::now());
    out.set(Metric::catalogue_known, catalogue.known, {name});
    out.set(Metric::catalogue_tools, catalogue.tools, {name});
    if (catalogue.age) out.set(Metric::catalogue_age, std::chrono::duration<double>(*catalogue.age).count(), {name});
  }
  out.set(Metric::rulebook_info, 1, {now.rules->digest(), now.rules->mode() == config::Mode::observe ? "observe" : "enforce"});
}

void add_process(Families& out) {
  const ProcessFigures figures = process_figures();
  out.set_if(Metric::process_cpu, figures.cpu_seconds);
  out.set_if(Metric::process_resident, figures.resident_bytes);
  out.set_if(Metric::process_virtual, figures.virtual_bytes);
  out.set_if(Metric::process_open_fds, figures.open_fds);
  out.set_if(Metric::process_max_fds, figures.max_fds);
  out.set_if(Metric::process_start, figures.start_seconds);
}

}  // namespace

Metrics::Metrics(Services& services, std::vector<LoopView> loops) : services_(services), loops_(std::move(loops)) {}

void Metrics::publish(std::shared_ptr<const Snapshot> now) {
  const std::lock_guard lock(mutex_);
  now_ = std::move(now);
}

void Metrics::reloaded(bool good) {
  const std::lock_guard lock(mutex_);
  ++(good ? reloads_ : refused_reloads_);
  reload_good_ = good;
  if (good) reload_time_ = std::chrono::system_clock::now();
}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  Families out;
  out.set(Metric::build_info, 1, {std::string(kVersion)});
  std::shared_ptr<const Snapshot> now;
  {
    const std::lock_guard lock(mutex_);
    now = now_;
    out.set(Metric::reloads, reloads_, {"success"});
    out.set(Metric::reloads, refused_reloads_, {"refused"});
    out.set(Metric::reload_successful, reload_good_);
    out.set(Metric::reload_time, std::chrono::duration<double>(reload_time_.time_since_epoch()).count());
  }
  Totals totals;
  for (std::size_t i = 0; i < loops_.size(); ++i) {
    loops_[i].meters->add_to(totals);
    const double lag = std::chrono::duration<double>(loops_[i].deadlines->lag(Clock::now())).count();
    out.set(Metric::loop_lag, lag, {std::to_string(i)});
  }
  add_totals(out, totals);
  add_shared(out, services_);
  if (now) add_servers(out, services_, *now);
  if (now) add_key_sets(out, *now->authn);
  if (now) add_certificates(out, *now->tls);
  if (now) add_handshakes(out, services_.handshakes, *now->tls);
  add_process(out);
  return out.take();
}

std::string Metrics::text() const { return prometheus::TextSerializer().Serialize(Collect()); }

}  // namespace durward::gateway
