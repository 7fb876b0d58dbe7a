#include <catch2/catch.hpp>

#include "policy/jose/jws.hpp"
#include "policy/jose/key_set.hpp"

// The examples of the RFCs.
namespace durward::jose {
namespace {

PublicKey key_of(const std::string& jwk) {
  const auto document = json::Document::parse(jwk);
  auto key = PublicKey::parse(document->root());
  INFO((key ? "" : name(key.error())));
  REQUIRE(key);
  return *key;
}

// RFC 7515 appendices A.2 and A.3: the payload of both.
const std::string kJoe = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const std::string kRsaModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_"
    "YpRPEwOWvG6b3"
    "2690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"
    "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJ"
    "H7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const std::string kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdi"
    "uB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2"
    "w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

std::string from_hex(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2)
    out += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return out;
}

PublicKey ec_key(const std::string& curve, std::string_view x, std::string_view y) {
  return key_of(R"({"kty":"EC","crv":")" + curve + R"(","x":")" + crypto::base64url(from_hex(x)) + R"(","y":")" +
                crypto::base64url(from_hex(y)) + "\"}");
}

}  // namespace

TEST_CASE("RFC 7515 A.2: RS256") {
  const std::string kHeader = "eyJhbGciOiJSUzI1NiJ9";
  const auto jws = Jws::parse(kHeader + "." + kJoe + "." + kRsaSignature);
  REQUIRE(jws);
  CHECK(jws->algorithm == Algorithm::rs256);
  const PublicKey key = key_of(R"({"kty":"RSA","n":")" + kRsaModulus + R"(","e":"AQAB"})");
  CHECK(key.check(jws->input, jws->signature));
  CHECK(key.check(jws->input + "A", jws->signature).error() == Fault::signature_wrong);
}

TEST_CASE("RFC 7515 A.3: ES256") {
  const auto jws = Jws::parse("eyJhbGciOiJFUzI1NiJ9." + kJoe +
                              ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  REQUIRE(jws);
  const PublicKey key = key_of(R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                               R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})");
  CHECK(key.check(jws->input, jws->signature));
  CHECK(key.check(jws->input + "A", jws->signature).error() == Fault::signature_wrong);
}

TEST_CASE("RFC 8037 A: Ed25519 key, thumbprint and signature") {
  const PublicKey key = key_of(R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})");
  CHECK(crypto::base64url(crypto::view(key.thumbprint())) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  const auto jws = Jws::parse(
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  REQUIRE(jws);
  CHECK(jws->payload == "Example of Ed25519 signing");
  CHECK(key.check(jws->input, jws->signature));
}

TEST_CASE("RFC 7638 section 3.1: the thumbprint of an RSA key") {
  const PublicKey key = key_of(
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs)"
      R"(tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyr)"
      R"(dkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})");
  CHECK(crypto::base64url(crypto::view(key.thumbprint())) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
  CHECK(key.kid() == "2011-04-29");
}

TEST_CASE("RFC 6979 A.2.5 and A.2.6: ECDSA on P-256 and P-384") {
  const PublicKey small = ec_key("P-256", "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6",
                                 "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
  CHECK(small.check("sample", from_hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                                       "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8")));
  const PublicKey large =
      ec_key("P-384", "EC3A4E415B4E19A4568618029F427FA5DA9A8BC4AE92E02E06AAE5286B300C64DEF8F0EA9055866064A254515480BC13",
             "8015D9B72D7D57244EA8EF9AC0C621896708A59367F9DFB9F54CA84B3F1C9DB1288B231C3AE0D4FE7344FD2533264720");
  const std::string signature = from_hex(
      "94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46"
      "99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8");
  CHECK(large.check("sample", signature));
  CHECK(large.check("test", signature).error() == Fault::signature_wrong);
}

}  // namespace durward::jose
