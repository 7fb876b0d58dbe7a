#include "audit/random.hpp"

#include <sodium.h>

#include <array>
#include <cstring>

namespace durward::audit {

void random_id_bytes(unsigned char* out, std::size_t size) {
  thread_local std::array<unsigned char, 4096> pool;  // of some hundred ids: a system call for each would be felt
  thread_local std::size_t used = pool.size();
  if (size > pool.size() - used) {
    if (size > pool.size()) return randombytes_buf(out, size);
    randombytes_buf(pool.data(), pool.size());
    used = 0;
  }
  std::memcpy(out, pool.data() + used, size);
  used += size;
}

}  // namespace durward::audit
