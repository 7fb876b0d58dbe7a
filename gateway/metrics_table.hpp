#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

/// Every metric, declared once: /metrics and deploy/docs/metrics.md both come from this table.
namespace durward::gateway {

enum class Metric : std::uint8_t {
  build_info,
  rulebook_info,
  requests,
  tool_calls,
  would_deny,
  messages_withheld,
  exchange_duration,
  exchanges_in_flight,
  streams_open,
  stream_events,
  authentications,
  key_set_fetches,
  key_set_keys,
  key_set_age,
  upstream_tokens,
  upstream_token_fetches,
  credentials_redacted,
  connections_open,
  connections_refused,
  handshakes,
  certificate_expiry,
  upstream_connections,
  buffered_bytes,
  ledger_queue,
  ledger_records,
  ledger_batch_records,
  ledger_at_risk,
  ledger_healthy,
  ledger_failed,
  catalogue_known,
  catalogue_tools,
  catalogue_age,
  reloads,
  reload_successful,
  reload_time,
  loop_lag,
  log_suppressed,
  process_cpu,
  process_resident,
  process_virtual,
  process_open_fds,
  process_max_fds,
  process_start,
};
inline constexpr std::size_t kMetrics = static_cast<std::size_t>(Metric::process_start) + 1;

enum class MetricKind : std::uint8_t { counter, gauge, histogram };

inline constexpr std::size_t kMostLabels = 5;

struct MetricRow {
  Metric metric;
  std::string_view name;
  MetricKind kind;
  std::string_view unit;  // what one is, such as seconds; empty where the number is a flag
  std::array<std::string_view, kMostLabels> labels;
  std::string_view help;
};

const std::array<MetricRow, kMetrics>& metric_table() noexcept;  // in the order of Metric
const MetricRow& row(Metric metric) noexcept;
std::size_t label_count(const MetricRow& row) noexcept;

/// deploy/docs/metrics.md, whole.
std::string metrics_page();

}  // namespace durward::gateway
