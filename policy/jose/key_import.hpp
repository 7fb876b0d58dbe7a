#pragma once
#include <memory>
#include <string>

struct evp_pkey_st;

/// Numbers and points as OpenSSL's keys. Internal to policy/jose.
namespace durward::jose {

/// Of big-endian numbers. Null if OpenSSL does not take them.
std::shared_ptr<evp_pkey_st> import_rsa(const std::string& modulus, const std::string& exponent);

/// Of an uncompressed point. Null if it is not on the curve.
std::shared_ptr<evp_pkey_st> import_ec(const std::string& curve, const std::string& point);

}  // namespace durward::jose
