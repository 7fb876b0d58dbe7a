#pragma once
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <sstream>
#include <string>

#include "audit/ledger.hpp"
#include "audit/segments.hpp"

namespace durward::audit::test {

namespace fs = std::filesystem;

inline constexpr std::int64_t kNoon = 1772366400000;  // 2026-03-01T12:00:00Z

/// A folder of its own that goes with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "durward-audit-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  Folder(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string path(const std::string& name = {}) const { return name.empty() ? path_ : path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

inline void spill(const fs::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

inline SigningKey key() { return *SigningKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="); }

inline Keyring ring() { return Keyring::generate("2026-03-01T00:00:00Z"); }

inline config::Ledger settings(const std::string& dir) {
  config::Ledger out;
  out.dir.value = dir;
  out.origin = "example.test/ledger";
  out.reserve.count = 0;
  return out;
}

inline BootFacts boot() { return {"1.2.3", "sha256:00", 1000, false}; }

/// The real machine, but for a clock that stands still until it is moved.
struct Machine {
  std::shared_ptr<std::atomic<std::int64_t>> now = std::make_shared<std::atomic<std::int64_t>>(kNoon);
  Platform platform = real_platform();
  Machine() {
    platform.unix_ms = [clock = now] { return clock->load(); };
    platform.space = [](int) { return Platform::Space{1ULL << 40, 1ULL << 41}; };
  }
};

inline std::unique_ptr<Ledger> must_open(const config::Ledger& settings, const Machine& machine,
                                         const Keyring& keyring = ring()) {
  auto opened = Ledger::open(settings, key(), keyring, boot(), machine.platform);
  if (!opened) throw std::runtime_error(opened.error());
  return *std::move(opened);
}

inline Record call(std::int64_t ts_ms = kNoon) {
  Record record;
  record.ts_ms = ts_ms;
  record.id = new_ulid(ts_ms);
  record.server = "everything";
  record.tool = "echo";
  record.effect = Effect::completed;
  return record;
}

/// Appends and waits for what done is told.
inline bool append(Ledger& ledger, Record record, Durability durability) {
  std::promise<bool> told;
  ledger.append(std::move(record), durability, false, [&](policy::Outcome<void> outcome) { told.set_value(bool(outcome)); });
  return told.get_future().get();
}

/// All lines of a ledger folder.
inline std::string log_of(const std::string& dir) {
  std::string out;
  for (const std::string& segment : list_segments(dir)) out += slurp(fs::path(dir) / segment);
  return out;
}

}  // namespace durward::audit::test
