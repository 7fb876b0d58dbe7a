#include "gateway/metrics_table.hpp"

#include <algorithm>

namespace durward::gateway {

namespace {

constexpr MetricKind kCounter = MetricKind::counter;
constexpr MetricKind kGauge = MetricKind::gauge;
constexpr MetricKind kHistogram = MetricKind::histogram;

// clang-format off
constexpr std::array<MetricRow, kMetrics> kTable{{
  {Metric::build_info, "durward_build_info", kGauge, "", {"version"}, "Always 1; the label says which version runs."},
  {Metric::rulebook_info, "durward_rulebook_info", kGauge, "", {"digest", "mode"}, "Always 1; the labels name the rulebook in force and its mode."},
  {Metric::requests, "durward_requests_total", kCounter, "requests", {"server", "method", "era", "verdict", "reason"}, "Requests, as their ledger entries were closed; reason is empty where nothing was refused and nothing failed."},
  {Metric::tool_calls, "durward_tool_calls_total", kCounter, "requests", {"server", "tool", "verdict"}, "Requests that name a tool; tool is `other` outside the catalogue and configuration, and beyond admin.metrics_series."},
  {Metric::would_deny, "durward_would_deny_total", kCounter, "requests", {"server"}, "Requests that a rule denies and that passed all the same, because of enforcement.mode or deny_on."},
  {Metric::messages_withheld, "durward_messages_withheld_total", kCounter, "messages", {"server", "reason"}, "Messages of a server that were dropped or answered in the caller's place."},
  {Metric::exchange_duration, "durward_exchange_duration_seconds", kHistogram, "seconds", {"server", "part"}, "Time of an exchange from its head to its end, by where it went: gateway, upstream, ledger, caller (reading the body, sending the answer). Streams without an end of their own are left out."},
  {Metric::exchanges_in_flight, "durward_exchanges_in_flight", kGauge, "exchanges", {}, "Exchanges under way."},
  {Metric::streams_open, "durward_streams_open", kGauge, "streams", {}, "Streams without an end of their own that are open: GET and subscriptions/listen."},
  {Metric::stream_events, "durward_stream_events_total", kCounter, "events", {}, "Events with a message that were relayed on any stream."},
  {Metric::authentications, "durward_authentications_total", kCounter, "credentials", {"method", "result"}, "Credentials that were checked, by the method that their form picked (empty where it could not be told), and `ok` or what was wrong: a word of the ledger's `fault`. Callers with `authn: anonymous` are not counted."},
  {Metric::key_set_fetches, "durward_key_set_fetches_total", kCounter, "fetches", {"issuer", "result"}, "Fetches of an issuer's key set, by result: success or failed."},
  {Metric::key_set_keys, "durward_key_set_keys", kGauge, "keys", {"issuer"}, "Keys of an issuer that can be used; 0 where none can be had."},
  {Metric::key_set_age, "durward_key_set_age_seconds", kGauge, "seconds", {"issuer"}, "Since an issuer's key set was fetched, or read from its file; absent before. After 24 hours a fetched one is not used any more."},
  {Metric::upstream_tokens, "durward_upstream_tokens", kGauge, "tokens", {}, "Tokens for servers that the gateway holds, against limits.upstream_tokens."},
  {Metric::upstream_token_fetches, "durward_upstream_token_fetches_total", kCounter, "fetches", {"result"}, "Fetches of a token for a server, by result: success or failed."},
  {Metric::credentials_redacted, "durward_credentials_redacted_total", kCounter, "messages", {}, "Answers and events in which a server repeated a secret of ours, which was taken out."},
  {Metric::connections_open, "durward_connections_open", kGauge, "connections", {}, "Connections of agents."},
  {Metric::connections_refused, "durward_connections_refused_total", kCounter, "connections", {}, "Connections refused by limits.connections or limits.connections_per_address."},
  {Metric::handshakes, "durward_tls_handshakes_total", kCounter, "handshakes", {"listener", "result"}, "TLS handshakes with callers, by listener (listen, admin) and how they ended: full, resumed, refused (limits.handshakes, limits.handshakes_per_address: none was begun), certificate (the caller's does not hold), late (limits.handshake), failed."},
  {Metric::certificate_expiry, "durward_tls_certificate_expiry_timestamp_seconds", kGauge, "seconds", {"use", "server"}, "Unix time at which the first certificate of a chain in force expires: that of a listener (use listen or admin), or the one that a server is shown (use server)."},
  {Metric::upstream_connections, "durward_upstream_connections", kGauge, "connections", {"server", "state"}, "Connections to a server: in_use count against limits.upstream_connections, idle ones are kept for reuse."},
  {Metric::buffered_bytes, "durward_buffered_bytes", kGauge, "bytes", {}, "Bodies, answers and events held in memory, against limits.buffered_bytes."},
  {Metric::ledger_queue, "durward_ledger_queue_records", kGauge, "records", {}, "Records that wait for the ledger's writer, against ledger.queue."},
  {Metric::ledger_records, "durward_ledger_records_total", kCounter, "records", {}, "Records written."},
  {Metric::ledger_batch_records, "durward_ledger_batch_records", kHistogram, "records", {}, "Records of each signed batch written since the start; its count is that of the batches."},
  {Metric::ledger_at_risk, "durward_ledger_records_at_risk", kGauge, "records", {}, "Records written that a power failure would lose: not yet synced."},
  {Metric::ledger_healthy, "durward_ledger_healthy", kGauge, "", {}, "1 while a record would find a place; at 0 calls are refused."},
  {Metric::ledger_failed, "durward_ledger_failed", kGauge, "", {}, "1 once a write or sync has failed: some record was never made durable."},
  {Metric::catalogue_known, "durward_catalogue_known", kGauge, "", {"server"}, "1 where the server's tools are known; at 0 calls allowed by wildcard are refused."},
  {Metric::catalogue_tools, "durward_catalogue_tools", kGauge, "tools", {"server"}, "Tools in the catalogue of a server."},
  {Metric::catalogue_age, "durward_catalogue_age_seconds", kGauge, "seconds", {"server"}, "Since the gateway last tried to fetch the catalogue; absent before the first try."},
  {Metric::reloads, "durward_reloads_total", kCounter, "reloads", {"result"}, "Reloads by result: success or refused."},
  {Metric::reload_successful, "durward_reload_last_successful", kGauge, "", {}, "1 unless the last reload was refused: then what is in force is older than the files."},
  {Metric::reload_time, "durward_reload_last_success_timestamp_seconds", kGauge, "seconds", {}, "Unix time of the start or of the last successful reload."},
  {Metric::loop_lag, "durward_loop_lag_seconds", kGauge, "seconds", {"loop"}, "How much later than due an event loop has not yet ticked; admin.stall bounds it for /livez."},
  {Metric::log_suppressed, "durward_log_lines_suppressed_total", kCounter, "lines", {"cause"}, "Lines that were not written: beyond log.refusals_per_second (rate), or since stderr is not read (queue)."},
  {Metric::process_cpu, "process_cpu_seconds_total", kCounter, "seconds", {}, "CPU time of the process, user and system."},
  {Metric::process_resident, "process_resident_memory_bytes", kGauge, "bytes", {}, "Resident memory."},
  {Metric::process_virtual, "process_virtual_memory_bytes", kGauge, "bytes", {}, "Virtual memory."},
  {Metric::process_open_fds, "process_open_fds", kGauge, "descriptors", {}, "Open file descriptors."},
  {Metric::process_max_fds, "process_max_fds", kGauge, "descriptors", {}, "The most file descriptors that may be open."},
  {Metric::process_start, "process_start_time_seconds", kGauge, "seconds", {}, "Unix time at which the process started."},
}};
// clang-format on

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    const MetricRow& each = kTable[i];
    if (static_cast<std::size_t>(each.metric) != i || each.help.empty()) return false;
    if ((each.kind == kCounter) != each.name.ends_with("_total")) return false;
  }
  return true;
}
static_assert(in_order(), "one row for each Metric, in its order; counters end in _total, and nothing else does");

std::string_view word(MetricKind kind) { return kind == kCounter ? "counter" : kind == kGauge ? "gauge" : "histogram"; }

constexpr std::string_view kBefore =
    "# Metrics\n\n"
    "`GET /metrics` on the admin listener, in Prometheus' text format. It answers 403 unless `admin.metrics_open: true`, "
    "which\n"
    "opens it to everyone who reaches the listener (loopback).\n\n"
    "    scrape_configs:\n"
    "      - job_name: durward\n"
    "        static_configs: [{targets: [\"127.0.0.1:9464\"]}]\n\n"
    "Labels hold closed lists, configured names and tools of a catalogue, never what a caller wrote: `server` is a configured\n"
    "server or empty, `method` a method of MCP, `other`, one of the gateway's own words (`durward/stream` for GET, "
    "`durward/end` for\n"
    "DELETE, `durward/response`, `durward/catalogue` for its own fetches) or empty where no message was read, `era` `modern`,\n"
    "`legacy` or empty, `verdict` `allow`, `deny` or `escalate`, `reason` a reason of the README's table, `abandoned`, or "
    "empty. A\n"
    "server's tools have at most `admin.metrics_series` series in all, further calls count as `other`.\n\n"
    "`durward_requests_total` counts what the ledger records: each element of a batch, each refusal, also those that share "
    "one\n"
    "record. A request counts once it has ended.\n\n"
    "Generated from the table that the gateway itself serves (`gateway/metrics_table.cpp`); a test compares.\n\n"
    "| metric | type | unit | labels | meaning |\n|---|---|---|---|---|\n";

constexpr std::string_view kAfter =
    "\n## Questions\n\n"
    "Refusals a second, by reason:\n\n"
    "    sum by (reason) (rate(durward_requests_total{verdict!=\"allow\"}[5m]))\n\n"
    "What the gateway itself adds, at the 99th percentile:\n\n"
    "    histogram_quantile(0.99, sum by (le) (rate(durward_exchange_duration_seconds_bucket{part=\"gateway\"}[5m])))\n\n"
    "Records of a batch, of which nine in ten are no larger; near 1, signing costs the most a record:\n\n"
    "    histogram_quantile(0.9, sum by (le) (rate(durward_ledger_batch_records_bucket[5m])))\n\n"
    "Worth waking someone: `durward_ledger_healthy == 0`, `durward_ledger_failed == 1`, `durward_reload_last_successful == "
    "0`,\n"
    "`durward_catalogue_known == 0`, `durward_loop_lag_seconds > 1`, `process_open_fds / process_max_fds > 0.9`.\n";

}  // namespace

const std::array<MetricRow, kMetrics>& metric_table() noexcept { return kTable; }

const MetricRow& row(Metric metric) noexcept { return kTable[static_cast<std::size_t>(metric)]; }

std::size_t label_count(const MetricRow& row) noexcept {
  return static_cast<std::size_t>(
      std::count_if(row.labels.begin(), row.labels.end(), [](std::string_view label) { return !label.empty(); }));
}

std::string metrics_page() {
  std::string out(kBefore);
  for (const MetricRow& each : kTable) {
    out.append("| `").append(each.name).append("` | ").append(word(each.kind)).append(" | ").append(each.unit).append(" | ");
    for (std::size_t i = 0; i < label_count(each); ++i) out.append(i == 0 ? "`" : ", `").append(each.labels[i]).append("`");
    out.append(" | ").append(each.help).append(" |\n");
  }
  return out.append(kAfter);
}

}  // namespace durward::gateway
