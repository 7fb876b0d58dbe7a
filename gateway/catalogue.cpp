#include "gateway/catalogue.hpp"

#include <utility>

#include "policy/tool.hpp"

namespace durward::gateway {

policy::Listing Catalogue::listing(std::string_view tool) const {
  std::lock_guard lock(mutex_);
  if (!tools_) return policy::Listing::unavailable;
  return tools_->contains(tool) ? policy::Listing::listed : policy::Listing::unlisted;
}

std::shared_ptr<const Descriptor> Catalogue::find(std::string_view tool) const {
  std::lock_guard lock(mutex_);
  if (!tools_) return nullptr;
  const auto found = tools_->find(tool);
  return found == tools_->end() ? nullptr : found->second;
}

std::shared_ptr<const Descriptor> Catalogue::same(const Seen& seen) const {
  auto known = find(seen.name);
  return known && known->seal == seal_of(seen.tool) ? known : nullptr;
}

std::string Catalogue::version() const {
  std::lock_guard lock(mutex_);
  return reported_;
}

void Catalogue::replace(Described tools, std::string reported_version) {
  std::erase_if(tools, [](const auto& tool) { return tool.first.size() > policy::kLongestToolName; });
  auto next = std::make_shared<const Described>(std::move(tools));
  std::lock_guard lock(mutex_);
  tools_ = std::move(next);
  if (!reported_version.empty()) reported_ = std::move(reported_version);
}

void Catalogue::learn(const std::vector<Seen>& tools, std::size_t most) {
  std::lock_guard lock(mutex_);
  // Copy only when something is new: lists pass often and seldom change.
  std::shared_ptr<Described> next;
  if (!tools_) tools_ = next = std::make_shared<Described>();
  for (const Seen& seen : tools) {
    if (const auto known = tools_->find(seen.name); known != tools_->end()) {
      // Only the gateway's own fetch says how a tool that is known is described now.
      const std::size_t seal = seal_of(seen.tool);
      const bool differs = known->second && known->second->seal != seal;
      if (differs && std::exchange(others_[seen.name], seal) != seal) stale_ = true;
      continue;
    }
    if (seen.name.size() > policy::kLongestToolName || tools_->size() >= most) continue;
    if (!next) tools_ = next = std::make_shared<Described>(*tools_);
    next->emplace(seen.name, read_descriptor(seen.tool));
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
  out.known = tools_ != nullptr;
  out.tools = tools_ ? tools_->size() : 0;
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
