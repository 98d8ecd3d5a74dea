using System.Text;
using System.Text.Json.Nodes;
using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

/// <summary>Headers that bring keys along, name keys oddly, demand things, or read differently by different parsers.</summary>
internal static class AttackTableHeaders
{
    public static AttackCase[] Cases { get; } =
    [
        new("jwk: the attacker's own key", TokenError.HeaderForbidden, b => b.WithHeader(h => h["jwk"] = JsonNode.Parse(b.EcKey384.ToJwk()))),
        new("jwk: the issuer's own key", TokenError.HeaderForbidden, b => b.WithHeader(h => h["jwk"] = JsonNode.Parse(b.EcKey.ToJwk()))),
        new("jwk: null", TokenError.HeaderForbidden, b => b.WithHeader(h => h["jwk"] = null)),
        new("jku: the attacker's address", TokenError.HeaderForbidden, b => b.WithHeader(h => h["jku"] = "https://mallory.example/keys")),
        new("jku: the issuer's address with a trick", TokenError.HeaderForbidden, b => b.WithHeader(h => h["jku"] = AttackBench.EcIssuer + "@mallory.example/keys")),
        new("jku: the metadata service of a cloud", TokenError.HeaderForbidden, b => b.WithHeader(h => h["jku"] = "http://169.254.169.254/latest/meta-data")),
        new("x5u", TokenError.HeaderForbidden, b => b.WithHeader(h => h["x5u"] = "https://mallory.example/cert")),
        new("x5c", TokenError.HeaderForbidden, b => b.WithHeader(h => h["x5c"] = new JsonArray("MIIB"))),
        new("zip: compressed", TokenError.HeaderForbidden, b => b.WithHeader(h => h["zip"] = "DEF")),
        new("enc in three parts", TokenError.HeaderForbidden, b => b.WithHeader(h => h["enc"] = "A256GCM")),
        new("p2c: a hundred million rounds", TokenError.HeaderForbidden, b => b.WithHeader(h => h["p2c"] = 100_000_000)),
        new("epk", TokenError.HeaderForbidden, b => b.WithHeader(h => h["epk"] = new JsonObject())),
        new("cty: a token in a token", TokenError.HeaderForbidden, b => b.Sign(b.Header(h => h["cty"] = "JWT").ToJsonString(), b.Valid())),
        new("b64 false without crit", TokenError.HeaderForbidden, b => b.WithHeader(h => h["b64"] = false)),
        new("b64 false with crit", TokenError.HeaderForbidden, b => b.WithHeader(h => { h["b64"] = false; h["crit"] = new JsonArray("b64"); })),
        new("crit: an unknown extension", TokenError.CriticalHeaderUnknown, b => b.WithHeader(h => { h["crit"] = new JsonArray("x"); h["x"] = 1; })),
        new("crit: empty", TokenError.CriticalHeaderUnknown, b => b.WithHeader(h => h["crit"] = new JsonArray())),
        new("crit: a registered name", TokenError.CriticalHeaderUnknown, b => b.WithHeader(h => h["crit"] = new JsonArray("alg"))),
        new("crit: a name that is absent", TokenError.CriticalHeaderUnknown, b => b.WithHeader(h => h["crit"] = new JsonArray("exp"))),
        new("crit: a text", TokenError.CriticalHeaderUnknown, b => b.WithHeader(h => h["crit"] = "exp")),
        new("crit: null", TokenError.CriticalHeaderUnknown, b => b.WithHeader(h => h["crit"] = null)),

        new("typ JWT where at+jwt is required", TokenError.TypeRefused, b => b.WithHeader(h => h["typ"] = "JWT")),
        new("typ missing where at+jwt is required", TokenError.TypeRefused, b => b.WithHeader(h => h.Remove("typ"))),
        new("typ at+jwt where JWT is required", TokenError.TypeRefused, b => b.Sign(b.Header().ToJsonString(), b.Claims(c => c["iss"] = AttackBench.PlainIssuer).ToJsonString())),
        new("typ of a logout token", TokenError.TypeRefused, b => b.WithHeader(h => h["typ"] = "logout+jwt")),
        new("typ of a proof of possession", TokenError.TypeRefused, b => b.WithHeader(h => h["typ"] = "dpop+jwt")),
        new("typ of a client's request", TokenError.TypeRefused, b => b.WithHeader(h => h["typ"] = "oauth-authz-req+jwt")),
        new("typ a number", TokenError.HeaderMalformed, b => b.WithHeader(h => h["typ"] = 1)),
        new("typ empty", TokenError.HeaderMalformed, b => b.WithHeader(h => h["typ"] = "")),
        new("typ null", TokenError.HeaderMalformed, b => b.WithHeader(h => h["typ"] = null)),

        new("kid: unknown", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = "other")),
        new("kid: a path", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = "../../../../../../dev/null")),
        new("kid: a query of a database", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = "x' UNION SELECT 'secret' --")),
        new("kid: a command", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = "|/bin/true")),
        new("kid: an address", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = "https://mallory.example/keys")),
        new("kid: the right one with a space", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = b.EcKey.KeyId + " ")),
        new("kid: the right one in capitals", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = b.EcKey.KeyId!.ToUpperInvariant() + "x")),
        new("kid: the beginning of the right one", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = b.EcKey.KeyId![..10])),
        new("kid: a key of another issuer", TokenError.KeyUnknown, b => b.WithHeader(h => h["kid"] = b.RsaKey.KeyId)),
        new("kid: a key of another issuer, and its true signature", TokenError.KeyUnknown,
            b => b.Sign(b.Header(h => h["kid"] = b.EcKey384.KeyId).ToJsonString(), b.Claims().ToJsonString(), b.EcKey384)),
        new("kid: overlong", TokenError.HeaderMalformed, b => b.WithHeader(h => h["kid"] = new string('k', 257))),
        new("kid: empty", TokenError.HeaderMalformed, b => b.WithHeader(h => h["kid"] = "")),
        new("kid: a number", TokenError.HeaderMalformed, b => b.WithHeader(h => h["kid"] = 0)),
        new("kid: null", TokenError.HeaderMalformed, b => b.WithHeader(h => h["kid"] = null)),
        new("kid: a line end for the log", TokenError.HeaderMalformed, b => b.WithHeader(h => h["kid"] = "a\nb")),
        new("kid: an escape for the terminal", TokenError.HeaderMalformed, b => b.WithHeader(h => h["kid"] = "\u001b[2J")),
        new("kid: half a surrogate pair", TokenError.HeaderMalformed, b => Header(b, """{"typ":"at+jwt","alg":"ES256","kid":"\ud800"}""")),
        new("kid absent where two keys would do", TokenError.KeyAmbiguous, TwoKeys),

        new("alg twice, the last one right", TokenError.HeaderMalformed, b => Header(b, $$"""{"typ":"at+jwt","alg":"none","kid":"{{b.EcKey.KeyId}}","alg":"ES256"}""")),
        new("alg twice, once in escapes", TokenError.HeaderMalformed, b => Header(b, $$"""{"typ":"at+jwt","\u0061lg":"none","kid":"{{b.EcKey.KeyId}}","alg":"ES256"}""")),
        new("kid twice", TokenError.HeaderMalformed, b => Header(b, $$"""{"typ":"at+jwt","alg":"ES256","kid":"x","kid":"{{b.EcKey.KeyId}}"}""")),
        new("an unknown member twice", TokenError.HeaderMalformed, b => Header(b, $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{b.EcKey.KeyId}}","a":1,"a":1}""")),
        new("the header an array", TokenError.HeaderMalformed, b => Header(b, """["ES256"]""")),
        new("the header a text", TokenError.HeaderMalformed, b => Header(b, "\"ES256\"")),
        new("the header null", TokenError.HeaderMalformed, b => Header(b, "null")),
        new("the header two objects", TokenError.HeaderMalformed, b => Header(b, b.Header().ToJsonString() + b.Header().ToJsonString())),
        new("the header with a comment", TokenError.HeaderMalformed, b => Header(b, b.Header().ToJsonString() + "//")),
        new("the header with a trailing comma", TokenError.HeaderMalformed, b => Header(b, b.Header().ToJsonString()[..^1] + ",}")),
        new("the header with single quotes", TokenError.HeaderMalformed, b => Header(b, b.Header().ToJsonString().Replace('"', '\''))),
        new("the header with a byte order mark", TokenError.HeaderMalformed, b => Header(b, "\ufeff" + b.Header().ToJsonString())),
        new("the header in UTF-16", TokenError.HeaderMalformed, b => b.SignBytes(Encoding.Unicode.GetBytes(b.Header().ToJsonString()), Encoding.UTF8.GetBytes(b.Claims().ToJsonString()))),
        new("the header with invalid UTF-8", TokenError.HeaderMalformed,
            b => b.SignBytes([.. Encoding.UTF8.GetBytes(b.Header().ToJsonString()[..^1]), .. ",\"x\":\""u8, 0xc3, 0x28, .. "\"}"u8], Encoding.UTF8.GetBytes(b.Claims().ToJsonString()))),
        new("the header one name of half a surrogate pair", TokenError.HeaderMalformed, b => Header(b, $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{b.EcKey.KeyId}}","\ud800":1}""")),
        new("the header a name of half a surrogate pair", TokenError.HeaderMalformed, b => Header(b, $$"""{"typ":"at+jwt","alg":"ES256","kid":"{{b.EcKey.KeyId}}","\ud800":1,"\ud800":2}""")),
        new("the header five deep", TokenError.HeaderMalformed, b => Header(b, b.Header().ToJsonString()[..^1] + ",\"x\":[[[[1]]]]}")),
        new("the header a thousand deep", TokenError.HeaderMalformed, b => Header(b, new string('[', 1000) + new string(']', 1000))),
        new("the header nothing but braces", TokenError.HeaderMalformed, b => Header(b, "{}")),
    ];

    private static string Header(AttackBench bench, string json) => bench.Sign(json, bench.Claims().ToJsonString());

    private static string TwoKeys(AttackBench bench)
    {
        bench.MixedRing.Add(bench.SecondEcKey);
        return bench.Sign(bench.Header(h => h.Remove("kid")).ToJsonString(), bench.Claims(c => c["iss"] = AttackBench.MixedIssuer).ToJsonString());
    }
}
