#pragma once
#include "policy/json.hpp"
#include "policy/schema/budget.hpp"

namespace durward::schema {

/// Whether two values are equal as JSON Schema sees it: numbers by value (1 and 1.0), strings decoded, objects in any order.
/// False once the budget has stopped.
bool equal(json::Value a, json::Value b, Budget& budget);

/// Whether no two elements of an array are equal. In n log n, but for elements that were made to share a hash: those cost work.
/// The hash has no seed, so that the same value always costs the same.
bool distinct(json::Value array, Budget& budget);

}  // namespace durward::schema
