#include "gateway/catalogue.hpp"

#include <iterator>
#include <utility>

#include "policy/tool.hpp"

namespace durward::gateway {

policy::Listing Catalogue::listing(std::string_view tool) const {
  std::lock_guard lock(mutex_);
  if (!names_) return policy::Listing::unavailable;
  return names_->contains(tool) ? policy::Listing::listed : policy::Listing::unlisted;
}

std::string Catalogue::version() const {
  std::lock_guard lock(mutex_);
  return reported_;
}

void Catalogue::replace(std::vector<std::string> names, std::string reported_version) {
  std::erase_if(names, [](const std::string& name) { return name.size() > policy::kLongestToolName; });
  auto next = std::make_shared<Names>(std::make_move_iterator(names.begin()), std::make_move_iterator(names.end()));
  std::lock_guard lock(mutex_);
  names_ = std::move(next);
  if (!reported_version.empty()) reported_ = std::move(reported_version);
}

void Catalogue::learn(const std::vector<std::string>& names, std::size_t most) {
  std::lock_guard lock(mutex_);
  // Copy only when something is new: lists pass often and seldom change.
  std::shared_ptr<Names> next;
  if (!names_) names_ = next = std::make_shared<Names>();
  for (const std::string& name : names) {
    if (names_->contains(name) || name.size() > policy::kLongestToolName || names_->size() >= most) continue;
    if (!next) names_ = next = std::make_shared<Names>(*names_);
    next->insert(name);
  }
}

void Catalogue::stale() {
  std::lock_guard lock(mutex_);
  stale_ = true;
}

bool Catalogue::begin_fetch(std::chrono::steady_clock::time_point now, std::chrono::steady_clock::duration pause) {
  if (!due(now, pause)) return false;
  std::lock_guard lock(mutex_);
  stale_ = false;  // what changes from now on is a new reason to ask again
  return !std::exchange(fetching_, true);
}

bool Catalogue::due(std::chrono::steady_clock::time_point now, std::chrono::steady_clock::duration pause) const {
  std::lock_guard lock(mutex_);
  if (fetching_) return false;
  return stale_ || fetched_ == std::chrono::steady_clock::time_point{} || now - fetched_ >= pause;
}

Catalogue::Figures Catalogue::figures(std::chrono::steady_clock::time_point now) const {
  std::lock_guard lock(mutex_);
  Figures out;
  out.known = names_ != nullptr;
  out.tools = names_ ? names_->size() : 0;
  if (fetched_ != std::chrono::steady_clock::time_point{}) out.age = now - fetched_;
  return out;
}

void Catalogue::end_fetch(std::chrono::steady_clock::time_point now) {
  std::vector<std::function<void()>> waiting;
  {
    std::lock_guard lock(mutex_);
    fetching_ = false;
    fetched_ = now;
    waiting.swap(waiting_);
  }
  for (const auto& done : waiting) done();
}

void Catalogue::after_fetch(std::function<void()> done) {
  {
    std::lock_guard lock(mutex_);
    if (fetching_) {
      waiting_.push_back(std::move(done));
      return;
    }
  }
  done();
}

Catalogue& Catalogues::of(const config::Server& server) {
  std::lock_guard lock(mutex_);
  std::unique_ptr<Catalogue>& catalogue = all_[server.name + ' ' + server.url.value];
  if (!catalogue) catalogue = std::make_unique<Catalogue>();
  return *catalogue;
}

}  // namespace durward::gateway
