using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

/// <summary>Claims that are absent, of the wrong type, out of range, meant for others, or read differently by different parsers.</summary>
internal static class AttackTableClaims
{
    public static AttackCase[] Cases { get; } =
    [
        .. Missing(),
        .. WrongTypes(),
        new("iss unknown", TokenError.IssuerUnknown, b => b.WithClaims(c => c["iss"] = "https://mallory.example")),
        new("iss with a slash at its end", TokenError.IssuerUnknown, b => b.WithClaims(c => c["iss"] = AttackBench.EcIssuer + "/")),
        new("iss in capitals", TokenError.IssuerUnknown, b => b.WithClaims(c => c["iss"] = "https://EC.example")),
        new("iss with white space", TokenError.IssuerUnknown, b => b.WithClaims(c => c["iss"] = AttackBench.EcIssuer + " ")),
        new("iss of a host that begins the same", TokenError.IssuerUnknown, b => b.WithClaims(c => c["iss"] = AttackBench.EcIssuer + ".mallory.example")),
        new("iss of another trusted issuer", TokenError.KeyUnknown, b => b.Sign(b.Header(h => h["kid"] = "x").ToJsonString(), b.Claims(c => c["iss"] = AttackBench.MixedIssuer).ToJsonString())),
        new("iss an array of a trusted one and another", TokenError.ClaimInvalid, b => b.WithRawClaim("iss", $"[\"{AttackBench.EcIssuer}\",\"https://mallory.example\"]")),
        new("the issuer's keys can't be had", TokenError.KeysUnavailable, b => b.WithClaims(c => c["iss"] = AttackBench.AwayIssuer)),

        new("exp a second ago, beyond the skew", TokenError.Expired, b => b.WithClaims(c => { c["exp"] = b.Now - 30; c["iat"] = b.Now - 100; })),
        new("exp a year ago", TokenError.Expired, b => b.WithClaims(c => { c["exp"] = b.Now - 31_536_000; c["iat"] = b.Now - 31_536_100; })),
        new("exp in 1970", TokenError.Expired, b => b.WithClaims(c => c["exp"] = 1)),
        new("exp expired and signed by a stranger", TokenError.Expired, b => b.Sign(b.Header().ToJsonString(), b.Claims(c => { c["exp"] = b.Now - 500; c["iat"] = b.Now - 600; }).ToJsonString(), b.SecondEcKey)),
        new("exp before iat", TokenError.ClaimInvalid, b => b.WithClaims(c => { c["iat"] = b.Now + 20; c["exp"] = b.Now + 10; })),
        new("exp the same as iat", TokenError.ClaimInvalid, b => b.WithClaims(c => { c["iat"] = b.Now + 20; c["exp"] = b.Now + 20; })),
        new("exp in a thousand years", TokenError.LifetimeTooLong, b => b.WithClaims(c => c["exp"] = b.Now + 31_536_000_000)),
        new("exp a second beyond the longest life", TokenError.LifetimeTooLong, b => b.WithClaims(c => c["exp"] = b.Now + 3601)),
        new("exp in reach, iat long ago", TokenError.LifetimeTooLong, b => b.WithClaims(c => c["iat"] = b.Now - 3601)),
        new("exp in milliseconds", TokenError.ClaimInvalid, b => b.WithRawClaim("exp", "1936596489000000")),
        new("iat in the future", TokenError.IssuedInFuture, b => b.WithClaims(c => { c["iat"] = b.Now + 31; c["exp"] = b.Now + 100; })),
        new("nbf in the future", TokenError.NotYetValid, b => b.WithClaims(c => c["nbf"] = b.Now + 31)),
        new("nbf in a thousand years", TokenError.NotYetValid, b => b.WithClaims(c => c["nbf"] = b.Now + 31_536_000_000)),

        new("aud of another service", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = "https://other.example")),
        new("aud with a slash at its end", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = AttackBench.Audience + "/")),
        new("aud in capitals", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = AttackBench.Audience.ToUpperInvariant())),
        new("aud a part of ours", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = "https://git")),
        new("aud ours among others in one text", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = AttackBench.Audience + " https://other.example")),
        new("aud a wildcard", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = "*")),
        new("aud an array of others", TokenError.AudienceRefused, b => b.WithRawClaim("aud", """["https://a.example","https://b.example"]""")),
        new("aud the issuer itself, as in a client's assertion", TokenError.AudienceRefused, b => b.WithClaims(c => c["aud"] = AttackBench.EcIssuer)),
        new("aud of 65 services", TokenError.ClaimInvalid, b => b.WithRawClaim("aud", "[" + string.Join(',', Enumerable.Repeat($"\"{AttackBench.Audience}\"", 65)) + "]")),

        new("an ID token: nonce", TokenError.TypeRefused, b => Plain(b, c => c["nonce"] = "n")),
        new("an ID token: at_hash", TokenError.TypeRefused, b => Plain(b, c => c["at_hash"] = "h")),
        new("an ID token: c_hash", TokenError.TypeRefused, b => Plain(b, c => c["c_hash"] = "h")),
        new("a logout token: events", TokenError.TypeRefused, b => Plain(b, c => c["events"] = new JsonObject { ["http://schemas.openid.net/event/backchannel-logout"] = new JsonObject() })),

        new("sub twice, the last one mighty", TokenError.PayloadMalformed, b => Payload(b, b.Claims().ToJsonString()[..^1] + ",\"sub\":\"root\"}")),
        new("sub twice, once in escapes", TokenError.PayloadMalformed, b => Payload(b, b.Claims().ToJsonString()[..^1] + ",\"\\u0073ub\":\"root\"}")),
        new("exp twice", TokenError.PayloadMalformed, b => Payload(b, b.Claims().ToJsonString()[..^1] + ",\"exp\":99999999999}")),
        new("a member twice deep inside", TokenError.PayloadMalformed, b => b.WithRawClaim("act", """{"sub":"a","sub":"b"}""")),
        new("the payload an array", TokenError.PayloadMalformed, b => Payload(b, "[]")),
        new("the payload a text", TokenError.PayloadMalformed, b => Payload(b, "\"alice\"")),
        new("the payload not JSON", TokenError.PayloadMalformed, b => Payload(b, "iss=alice")),
        new("the payload a token without cty", TokenError.PayloadMalformed, b => Payload(b, b.Valid())),
        new("the payload with a comment", TokenError.PayloadMalformed, b => Payload(b, "/* */" + b.Claims().ToJsonString())),
        new("the payload with a trailing comma", TokenError.PayloadMalformed, b => Payload(b, b.Claims().ToJsonString()[..^1] + ",}")),
        new("the payload with more after it", TokenError.PayloadMalformed, b => Payload(b, b.Claims().ToJsonString() + "{}")),
        new("the payload with a byte order mark", TokenError.PayloadMalformed, b => Payload(b, "\ufeff" + b.Claims().ToJsonString())),
        new("the payload with a NUL at its end", TokenError.PayloadMalformed, b => Payload(b, b.Claims().ToJsonString() + "\0")),
        new("the payload with NaN", TokenError.PayloadMalformed, b => b.WithRawClaim("exp", "NaN")),
        new("the payload with invalid UTF-8", TokenError.PayloadMalformed,
            b => b.SignBytes(Encoding.UTF8.GetBytes(b.Header().ToJsonString()), [.. Encoding.UTF8.GetBytes(b.Claims().ToJsonString()[..^1]), .. ",\"x\":\""u8, 0xff, .. "\"}"u8])),
        new("the payload with UTF-8 of a surrogate", TokenError.PayloadMalformed,
            b => b.SignBytes(Encoding.UTF8.GetBytes(b.Header().ToJsonString()), [.. Encoding.UTF8.GetBytes(b.Claims().ToJsonString()[..^1]), .. ",\"x\":\""u8, 0xed, 0xa0, 0x80, .. "\"}"u8])),
        new("the payload seventeen deep", TokenError.PayloadMalformed, b => b.WithRawClaim("x", new string('[', 16) + new string(']', 16))),
        new("the payload two thousand deep", TokenError.PayloadMalformed, b => b.WithRawClaim("x", new string('[', 2000) + new string(']', 2000))),

        new("act nine deep", TokenError.ClaimInvalid, b => b.WithRawClaim("act", Actors(9))),
        new("act without sub", TokenError.ClaimInvalid, b => b.WithRawClaim("act", """{"iss":"https://ec.example"}""")),
        new("act with an inner one without sub", TokenError.ClaimInvalid, b => b.WithRawClaim("act", """{"sub":"a","act":{}}""")),
        new("act with a sub of another type", TokenError.ClaimInvalid, b => b.WithRawClaim("act", """{"sub":["a"]}""")),
        new("cnf empty", TokenError.ClaimInvalid, b => b.WithRawClaim("cnf", "{}")),
        new("cnf of a kind that can't be checked: jkt", TokenError.ClaimInvalid, b => b.WithRawClaim("cnf", """{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}""")),
        new("cnf of a known and an unknown kind", TokenError.ClaimInvalid, b => b.WithRawClaim("cnf", """{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg0","jkt":"x"}""")),
        new("cnf with a short thumbprint", TokenError.ClaimInvalid, b => b.WithRawClaim("cnf", """{"x5t#S256":"AAAA"}""")),
        new("cnf with an empty thumbprint", TokenError.ClaimInvalid, b => b.WithRawClaim("cnf", """{"x5t#S256":""}""")),
        new("cnf over a connection without a certificate", TokenError.CertificateMismatch, b => b.WithRawClaim("cnf", """{"x5t#S256":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""")),
        new("revoked before it came", TokenError.Revoked, b =>
        {
            b.Revocations.TryAdd(new() { Kind = Portcullis.Tokens.Revocation.RevocationKind.Token, Value = "t-1", ExpiresAt = b.Time.GetUtcNow().AddHours(1) });
            return b.Valid();
        }),
    ];

    private static IEnumerable<AttackCase> Missing()
    {
        foreach (string name in (string[])["iss", "sub", "aud", "exp", "iat", "jti"])
        {
            yield return new($"{name} missing", TokenError.ClaimMissing, b => b.WithClaims(c => c.Remove(name)));
            yield return new($"the name of {name} in capitals", TokenError.ClaimMissing, b => b.WithClaims(c =>
            {
                JsonNode value = c[name]!.DeepClone();
                c.Remove(name);
                c[name.ToUpperInvariant()] = value;
            }));
        }
    }

    private static IEnumerable<AttackCase> WrongTypes()
    {
        foreach (string name in (string[])["exp", "iat", "nbf"])
        {
            foreach (string json in (string[])["\"1936596489\"", "1936596489.5", "1936596489.0", "1.9365964e9", "1e300", "-1", "-1936596489", "0", "99999999999999999999", "253402300800", "9223372036854775807", "null", "true", "[1936596489]", "{}"])
            {
                yield return new($"{name} as {json}", TokenError.ClaimInvalid, b => b.WithRawClaim(name, json));
            }
        }

        foreach (string name in (string[])["iss", "sub", "jti", "client_id", "sid"])
        {
            foreach (string json in (string[])["null", "1", "true", "[]", "[\"a\"]", "{}", "\"\"", "\"a\\nb\"", "\"\\u0000\"", "\"\\u009b\"", "\"\\udc00\""])
            {
                yield return new($"{name} as {json}", TokenError.ClaimInvalid, b => b.WithRawClaim(name, json));
            }

            yield return new($"{name} overlong", TokenError.ClaimInvalid, b => b.WithClaims(c => c[name] = new string('x', 1025)));
        }

        foreach (string json in (string[])["null", "1", "[]", "\"\"", "[\"\"]", "[1]", "[null]", "{}", "[[\"https://git.example\"]]", "[\"https://git.example\",1]", "{\"0\":\"https://git.example\"}"])
        {
            yield return new($"aud as {json}", TokenError.ClaimInvalid, b => b.WithRawClaim("aud", json));
        }

        foreach ((string name, string json) in ((string, string)[])
            [
                ("scope", "[\"git:acme/app:pull\"]"), ("scope", "1"), ("scope", "null"), ("scope", "\"a\\tb\""),
                ("roles", "1"), ("roles", "null"), ("roles", "[1]"), ("roles", "{}"), ("roles", "[{\"value\":\"admin\"}]"),
                ("groups", "1"), ("groups", "[null]"), ("groups", "[\"a\\r\\nb\"]"),
                ("authorization_details", "{}"), ("authorization_details", "\"x\""), ("authorization_details", "[1]"), ("authorization_details", "null"),
                ("act", "\"agent\""), ("act", "null"), ("act", "[]"), ("act", "[{\"sub\":\"a\"}]"),
                ("cnf", "null"), ("cnf", "\"x\""), ("cnf", "[]"),
            ])
        {
            yield return new($"{name} as {json}", TokenError.ClaimInvalid, b => b.WithRawClaim(name, json));
        }
    }

    private static string Payload(AttackBench bench, string payload) => bench.Sign(bench.Header().ToJsonString(), payload);

    private static string Plain(AttackBench bench, Action<JsonObject> change) =>
        bench.Sign(bench.Header(h => h["typ"] = "JWT").ToJsonString(), bench.Claims(c => { c["iss"] = AttackBench.PlainIssuer; change(c); }).ToJsonString());

    private static string Actors(int depth) => depth == 0 ? "{}" : string.Create(CultureInfo.InvariantCulture, $"{{\"sub\":\"a{depth}\"{(depth == 1 ? "" : ",\"act\":" + Actors(depth - 1))}}}");
}
