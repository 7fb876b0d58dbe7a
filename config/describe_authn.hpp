#pragma once
#include "config/fields.hpp"

namespace durward::config {

/// The key `authn` of durward.yaml: a word, or a list of methods.
void describe_authn(Fields& fields, Authn& authn);
/// The same in the section `admin`.
void describe_admin_authn(Fields& fields, Authn& authn);

}  // namespace durward::config
