#include "config/vault.hpp"

#include <sodium.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <mutex>
#include <new>

namespace durward::config::vault {
namespace {

constexpr std::size_t kSmallest = 64;
constexpr std::size_t kRegion = 64 << 10;  // RLIMIT_MEMLOCK is commonly 64 KiB or 8 MiB
constexpr std::size_t kClasses = 10;       // 64 bytes to 32 KiB; what is larger gets a mapping of its own

char* map(std::size_t size) {
  void* const pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  (void)::mlock(pages, size);  // beyond RLIMIT_MEMLOCK it stays swappable
  (void)::madvise(pages, size, MADV_DONTDUMP);
  return static_cast<char*>(pages);
}

std::size_t class_of(std::size_t size) {
  return static_cast<std::size_t>(std::countr_zero(std::bit_ceil(std::max(size, kSmallest)) / kSmallest));
}

/// Blocks of a power of two, cut from regions that are never given back.
class Pool {
 public:
  char* take(std::size_t size) {
    const std::size_t of = class_of(size);
    if (of >= kClasses) return map(size);
    const std::lock_guard lock(mutex_);
    Free*& first = free_[of];
    if (first == nullptr) return cut(kSmallest << of);
    Free* const block = first;
    first = block->next;
    block->next = nullptr;
    return static_cast<char*>(static_cast<void*>(block));
  }

  void give(char* bytes, std::size_t size) noexcept {
    const std::size_t of = class_of(size);
    sodium_memzero(bytes, size);
    if (of >= kClasses) {
      (void)::munmap(bytes, size);
      return;
    }
    const std::lock_guard lock(mutex_);
    free_[of] = new (bytes) Free{free_[of]};
  }

 private:
  struct Free {
    Free* next;
  };

  char* cut(std::size_t block) {
    if (left_ < block) {
      rest_ = map(kRegion);
      left_ = kRegion;
    }
    char* const out = rest_;
    rest_ += block;
    left_ -= block;
    return out;
  }

  std::mutex mutex_;
  std::array<Free*, kClasses> free_{};
  char* rest_ = nullptr;  // of the newest region
  std::size_t left_ = 0;
};

// Never destroyed: a secret may outlive every other static object.
Pool& pool() {
  static Pool& one = *new Pool;
  return one;
}

}  // namespace

char* take(std::size_t size) { return pool().take(size); }
void give(char* bytes, std::size_t size) noexcept { pool().give(bytes, size); }

}  // namespace durward::config::vault
