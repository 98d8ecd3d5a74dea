using System.Security.Cryptography;
using System.Text;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

public sealed class KeySetTests
{
    // RFC 7638 §3.1.
    private const string Rfc7638Key =
        """{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}""";

    [Fact]
    public void A_key_without_an_id_is_known_by_its_thumbprint()
    {
        KeySet keys = Parse($$"""{"keys":[{{Rfc7638Key.Replace("\"kid\":\"2011-04-29\"", "\"x\":1", StringComparison.Ordinal)}}]}""");

        Assert.Equal(["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"], keys.KeyIds);
    }

    [Fact]
    public void Accepts_one_key_in_place_of_a_set() => Assert.Equal(["2011-04-29"], Parse(Rfc7638Key).KeyIds);

    [Theory]
    [InlineData("""{"kty":"oct","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", "shared secret")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"}""", "coordinate size")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"}""", "on its curve")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","y":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}""", "on its curve")]
    [InlineData("""{"kty":"RSA","n":"AQAB"}""", "base64url")]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"Aw=="}""", "base64url")]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQ"}""", "odd exponent")]
    [InlineData("""{"kty":"RSA","n":"AQAC","e":"AQAB"}""", "odd modulus")]
    [InlineData("""{"kty":"RSA","n":"AQAB","e":"AQAB"}""", "less than 2048")]
    [InlineData("""{"kid":"x"}""", "kty")]
    [InlineData("""{"kty":"EC","kid":1}""", "kid")]
    [InlineData("1", "kty")]
    public void A_key_that_cannot_be_used_is_named_and_spoils_no_other(string key, string problem)
    {
        KeySet keys = Parse($$"""{"keys":[{{key}},{{Rfc7638Key}}]}""");

        Assert.Contains("2011-04-29", keys.KeyIds);
        Assert.StartsWith("Key 1: ", Assert.Single(keys.Problems), StringComparison.Ordinal);
        Assert.Contains(problem, keys.Problems[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"use\":\"enc\"")]
    [InlineData("\"key_ops\":[\"encrypt\"]")]
    [InlineData("\"key_ops\":[\"sign\"]")]
    [InlineData("\"key_ops\":\"verify\"")]
    public void A_key_for_other_purposes_is_left_out(string member) => Assert.Equal(0, Parse(Rfc7638Key[..^1] + "," + member + "}").Count);

    [Fact]
    public void An_enormous_RSA_key_is_left_out()
    {
        byte[] modulus = new byte[2049];
        Array.Fill(modulus, (byte)0xff);

        KeySet keys = Parse($$"""{"kty":"RSA","n":"{{AttackBench.Encode(modulus)}}","e":"AQAB"}""");

        Assert.Equal(0, keys.Count);
        Assert.Single(keys.Problems);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"keys":null}""")]
    [InlineData("""{"keys":[],"keys":[]}""")]
    [InlineData("""{"keys":[]}x""")]
    [InlineData("""{"Keys":[]}""")]
    public void Rejects_what_is_no_key_set(string json) => Assert.Throws<KeySetFormatException>(() => Parse(json));

    [Fact]
    public void Rejects_too_many_keys_and_too_many_bytes()
    {
        Assert.Throws<KeySetFormatException>(() => Parse($$"""{"keys":[{{string.Join(',', Enumerable.Repeat("{}", 257))}}]}"""));
        Assert.Throws<KeySetFormatException>(() => Parse(new string(' ', 512 * 1024) + "{\"keys\":[]}"));
    }

    [Fact]
    public void The_private_half_in_a_set_is_never_looked_at()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        ECParameters key = ecdsa.ExportParameters(includePrivateParameters: true);

        KeySet keys = Parse($$"""{"kty":"EC","crv":"P-256","kid":"k","x":"{{AttackBench.Encode(key.Q.X!)}}","y":"{{AttackBench.Encode(key.Q.Y!)}}","d":"nonsense!"}""");

        Assert.Equal(["k"], keys.KeyIds);
    }

    private static KeySet Parse(string json) => KeySet.ParseJwks(Encoding.UTF8.GetBytes(json));
}
