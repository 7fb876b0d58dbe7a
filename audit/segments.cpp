#include "audit/segments.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <filesystem>

#include "audit/time.hpp"

namespace durward::audit {
namespace {

constexpr std::string_view kPrefix = "ledger-";
constexpr std::string_view kSuffix = ".ndjson";
constexpr std::uint64_t kAhead = 16ULL << 20;  // allocated at a time, so that an append seldom has to look for blocks

bool digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

}  // namespace

Platform real_platform() {
  Platform platform;
  platform.unix_ms = [] {
    using namespace std::chrono;
    return std::int64_t{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
  };
  platform.steady = [] { return std::chrono::steady_clock::now(); };
  platform.write = [](int fd, const void* bytes, std::size_t size) { return ::write(fd, bytes, size); };
  platform.sync = [](int fd) { return ::fdatasync(fd); };
  platform.space = [](int directory) {
    struct statvfs info {};
    if (::fstatvfs(directory, &info) != 0) return Platform::Space{0, 0};
    return Platform::Space{std::uint64_t{info.f_bavail} * info.f_frsize, std::uint64_t{info.f_blocks} * info.f_frsize};
  };
  return platform;
}

std::string SegmentName::text() const {
  std::string count = std::to_string(number);
  if (count.size() < 3) count.insert(0, 3 - count.size(), '0');
  return std::string(kPrefix) + date + "." + count + std::string(kSuffix);
}

std::optional<SegmentName> SegmentName::parse(std::string_view file) {
  if (file.size() < kPrefix.size() + 10 + 4 + kSuffix.size() || file.size() > 40) return std::nullopt;
  if (file.substr(0, kPrefix.size()) != kPrefix || file.substr(file.size() - kSuffix.size()) != kSuffix) return std::nullopt;
  const std::string_view date = file.substr(kPrefix.size(), 10);
  const std::string_view rest = file.substr(kPrefix.size() + 10, file.size() - kPrefix.size() - 10 - kSuffix.size());
  if (!parse_time(std::string(date) + "T00:00:00.000Z") || rest.front() != '.' || !digits(rest.substr(1)) || rest.size() > 8)
    return std::nullopt;
  SegmentName name{std::string(date), static_cast<unsigned>(std::stoul(std::string(rest.substr(1))))};
  if (name.text() != file) return std::nullopt;  // a second spelling of the same number
  return name;
}

std::vector<std::string> list_segments(const std::string& dir) {
  std::vector<SegmentName> names;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(dir, ignored))
    if (auto name = SegmentName::parse(entry.path().filename().string())) names.push_back(*std::move(name));
  std::sort(names.begin(), names.end());
  std::vector<std::string> files;
  files.reserve(names.size());
  for (const SegmentName& name : names) files.push_back(name.text());
  return files;
}

Segments::Segments(std::string dir, Position end, std::uint64_t bytes, Platform platform)
    : dir_(std::move(dir)), end_(std::move(end)), bytes_(bytes), platform_(std::move(platform)) {}

bool Segments::open() {
  if (end_.segment.empty()) return true;
  auto name = SegmentName::parse(end_.segment);
  if (!name) return false;
  name_ = *std::move(name);
  file_ =
      std::make_shared<Descriptor>(::open((dir_ + "/" + end_.segment).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
  allocated_ = end_.offset;
  return bool(*file_);
}

bool Segments::append(std::string_view batch) {
  const std::string today = format_time(platform_.unix_ms()).substr(0, 10);
  const bool full = end_.offset > 0 && end_.offset + batch.size() > bytes_;
  // A clock that went back does not reopen an earlier day.
  if ((!file_ || full || today > name_.date) && !turn(std::max(today, name_.date))) return false;
  allocate(batch.size());
  if (!write_all(platform_.write, file_->get(), batch)) return false;
  end_.offset += batch.size();
  dirty_ = true;
  return true;
}

bool Segments::turn(const std::string& date) {
  const SegmentName next{date, date == name_.date ? name_.number + 1 : 0};
  const std::string path = dir_ + "/" + next.text();
  auto file =
      std::make_shared<Descriptor>(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!*file) return false;
  trim();
  if (file_ && dirty_) retired_.files.push_back(file_);
  retired_.directory = true;
  file_ = std::move(file);
  name_ = next;
  end_ = {next.text(), 0};
  allocated_ = 0;
  dirty_ = false;
  return true;
}

void Segments::allocate(std::size_t needed) {
  if (end_.offset + needed <= allocated_) return;
  const std::uint64_t more = std::max<std::uint64_t>(needed, std::min(kAhead, bytes_));
  // Only a head start: where the file system cannot do it, or has no room, the write itself will tell.
  if (::fallocate(file_->get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(end_.offset), static_cast<off_t>(more)) != 0) errno = 0;
  allocated_ = end_.offset + more;
}

void Segments::trim() {
  if (file_ && allocated_ > end_.offset && ::ftruncate(file_->get(), static_cast<off_t>(end_.offset)) != 0) errno = 0;
}

Segments::Unsynced Segments::take_unsynced() {
  Unsynced out = std::move(retired_);
  retired_ = {};
  if (dirty_) out.files.push_back(file_);
  dirty_ = false;
  return out;
}

}  // namespace durward::audit
