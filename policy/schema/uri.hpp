#pragma once
#include <string>
#include <string_view>

namespace durward::schema {

/// A URI reference (RFC 3986, appendix B), cut into its parts without judging them. Views into the text that it was read from.
struct UriParts {
  explicit UriParts(std::string_view text);
  std::string_view scheme, authority, path, query, fragment;  // without their delimiters
  bool has_authority = false, has_query = false, has_fragment = false;
};

/// reference against base, section 5.2, without a fragment. An empty base is that of a document from nowhere: the
/// reference stays as it is.
std::string resolve_uri(std::string_view base, std::string_view reference);

/// With escapes like %25 undone; those that are malformed stay.
std::string percent_decoded(std::string_view text);

}  // namespace durward::schema
