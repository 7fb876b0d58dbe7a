#pragma once

namespace durward::gateway {

/// From now on no crash of this process leaves a core file, not even to a program that collects them, and no other process of
/// its user may read its memory or attach to it: secrets lie there in clear. Both limits are lowered for good. False: the
/// system refused one of them.
bool forbid_core_dumps() noexcept;

}  // namespace durward::gateway
