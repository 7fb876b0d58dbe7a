#include "gateway/key_source.hpp"

#include <algorithm>
#include <charconv>

#include "config/forms.hpp"
#include "gateway/fields.hpp"
#include "gateway/head.hpp"

namespace durward::gateway {

namespace {

using std::chrono::seconds;

constexpr seconds kUsual{600}, kShortest{60}, kLongest{24 * 3600};

std::optional<seconds> max_age(std::string_view directive) {
  constexpr std::string_view name = "max-age=";
  if (!starts_with_name(directive, name)) return std::nullopt;
  std::string_view digits = directive.substr(name.size());
  if (digits.size() >= 2 && digits.front() == '"' && digits.back() == '"') digits = digits.substr(1, digits.size() - 2);
  std::uint32_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec == std::errc::result_out_of_range) return kLongest;
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return seconds(value);
}

}  // namespace

seconds key_set_lifetime(std::string_view cache_control) {
  std::optional<seconds> least;
  while (!cache_control.empty()) {
    const std::size_t comma = std::min(cache_control.find(','), cache_control.size());
    const std::string_view directive = trimmed(cache_control.substr(0, comma));
    cache_control.remove_prefix(std::min(comma + 1, cache_control.size()));
    const bool never = same_name(directive, "no-store") || same_name(directive, "no-cache");
    const std::optional<seconds> said = never ? std::optional<seconds>(0) : max_age(directive);
    if (said) least = std::min(least.value_or(kLongest), *said);
  }
  return std::clamp(least.value_or(kUsual), kShortest, kLongest);
}

std::shared_ptr<const jose::KeySet> KeySource::keys(Time now) const {
  const std::lock_guard lock(mutex_);
  return usable(now) ? keys_ : nullptr;
}

KeySource::Go KeySource::begin(Why why, Time now) {
  const std::lock_guard lock(mutex_);
  if (fetching_) return Go::wait;
  if (!url_) return Go::no;
  if (why == Why::unknown_key) {
    if (asked_ && now < *asked_ + kUnknownPause) return Go::no;
    asked_ = now;
  } else if (now < next_) {
    return Go::no;
  }
  fetching_ = true;
  return Go::fetch;
}

policy::Outcome<void, jose::Fault> KeySource::take(const std::string& json, Time now) {
  if (keys_ && json == text_) {
    fetched_ = now;
    return {};
  }
  auto parsed = jose::KeySet::parse(json);
  if (!parsed) return parsed.error();
  keys_ = std::make_shared<const jose::KeySet>(*std::move(parsed));
  text_ = json;
  fetched_ = now;
  generation_.fetch_add(1, std::memory_order_release);
  return {};
}

policy::Outcome<void, jose::Fault> KeySource::end(const std::optional<std::string>& json, seconds fresh, Time now) {
  std::vector<std::function<void()>> waiting;
  policy::Outcome<void, jose::Fault> taken;
  {
    const std::lock_guard lock(mutex_);
    if (json) taken = take(*json, now);
    ++fetches_;
    failing_ = !json || !taken;
    if (failing_) {
      ++failures_;
      pause_ = std::clamp(pause_ * 2, kFirstRetry, kLastRetry);
      next_ = now + pause_;
    } else {
      pause_ = seconds(0);
      next_ = now + fresh * 4 / 5;  // before it has gone stale
    }
    fetching_ = false;
    waiting.swap(waiting_);
  }
  for (const auto& done : waiting) done();
  return taken;
}

void KeySource::after_fetch(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    if (fetching_) {
      waiting_.push_back(std::move(done));
      return;
    }
  }
  done();
}

policy::Outcome<void, jose::Fault> KeySource::put(const std::string& json, Time now) {
  const std::lock_guard lock(mutex_);
  auto taken = take(json, now);
  failing_ = !taken;
  return taken;
}

KeySource::Figures KeySource::figures(Time now) const {
  const std::lock_guard lock(mutex_);
  Figures out;
  out.usable = usable(now) && !keys_->empty();
  out.failing = failing_;
  out.fetches = fetches_;
  out.failures = failures_;
  if (keys_) {
    out.keys = keys_->size();
    out.age = now - fetched_;
  }
  return out;
}

std::shared_ptr<KeySource> KeySources::of(const config::JwtAuthn& settings) {
  const std::string& place = settings.jwks.value;
  const std::string& issuer = settings.issuer.value;
  if (place.starts_with("file://")) return std::make_shared<KeySource>(issuer, std::nullopt);
  std::string error;
  const std::lock_guard lock(mutex_);
  std::erase_if(all_, [](const auto& one) { return one.second.expired(); });
  std::weak_ptr<KeySource>& known = all_[issuer + "\n" + place];
  std::shared_ptr<KeySource> out = known.lock();
  if (!out) known = out = std::make_shared<KeySource>(issuer, config::parse_url(place, error));
  return out;
}

}  // namespace durward::gateway
