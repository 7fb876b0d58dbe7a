#pragma once
#include <cstddef>

namespace durward::audit {

/// Random bytes for ids that are public anyway (ULIDs, trace and span ids): from libsodium, drawn in larger pieces, since a
/// system call for each id costs more than the rest of it. Never for keys or nonces. Thread-safe.
void random_id_bytes(unsigned char* out, std::size_t size);

}  // namespace durward::audit
