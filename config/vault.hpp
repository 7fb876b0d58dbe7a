#pragma once
#include <cstddef>

/// Memory for secrets: kept out of swap where the system lets us, and out of core dumps.
namespace durward::config::vault {

/// Zeroed bytes; never null. Throws std::bad_alloc. Any thread.
char* take(std::size_t size);
/// Wipes and gives back what take(size) gave. Any thread.
void give(char* bytes, std::size_t size) noexcept;

}  // namespace durward::config::vault
