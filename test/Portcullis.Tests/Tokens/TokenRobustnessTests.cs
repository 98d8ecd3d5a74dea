using System.Text;
using CsCheck;
using Portcullis.Tokens;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

/// <summary>Whatever arrives gets an answer: never an exception, and never a yes to what nobody signed.</summary>
public sealed class TokenRobustnessTests
{
    private static readonly AttackBench s_bench = new();

    // Pieces that are near enough to JSON and to tokens to get past the first checks.
    private static readonly Gen<string> s_piece = Gen.OneOf(
        "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud800", "\"alg\"", "\"kid\"", "\"typ\"", "\"exp\"", "\"iss\"", "\"aud\"", "\"act\"", "\"cnf\"", "\"x5t#S256\"", "null", "true", "1", "-1", "1e9", "1.5", "é", "\u2028", " ", ".");

    [Fact]
    public void Any_text_gets_an_answer() =>
        Gen.String.Sample(text => Assert.False(Validate(text).IsValid), iter: 2000);

    [Fact]
    public void Any_three_parts_get_an_answer() =>
        Gen.Select(Gen.Byte.Array[0, 80], Gen.Byte.Array[0, 80], Gen.Byte.Array[0, 80]).Sample(
            (header, payload, signature) => Assert.False(Validate($"{AttackBench.Encode(header)}.{AttackBench.Encode(payload)}.{AttackBench.Encode(signature)}").IsValid),
            iter: 2000);

    [Fact]
    public void Any_header_however_well_signed_gets_an_answer() =>
        Mutations(s_bench.Header().ToJsonString()).Sample(header => Check(s_bench.SignBytes(Encoding.UTF8.GetBytes(header), Encoding.UTF8.GetBytes(s_bench.Claims().ToJsonString()))), iter: 2000);

    [Fact]
    public void Any_payload_however_well_signed_gets_an_answer() =>
        Mutations(s_bench.Claims(c =>
        {
            c["act"] = new System.Text.Json.Nodes.JsonObject { ["sub"] = "agent" };
            c["roles"] = new System.Text.Json.Nodes.JsonArray("a");
        }).ToJsonString()).Sample(payload => Check(s_bench.SignBytes(Encoding.UTF8.GetBytes(s_bench.Header().ToJsonString()), Encoding.UTF8.GetBytes(payload))), iter: 2000);

    [Fact]
    public void Any_key_set_is_read_or_refused() =>
        Mutations($$"""{"keys":[{{s_bench.EcKey.ToJwk()}},{{s_bench.RsaKey.ToJwk()}}]}""").Sample(
            json =>
            {
                try
                {
                    KeySet keys = KeySet.ParseJwks(Encoding.UTF8.GetBytes(json));
                    Assert.InRange(keys.Count, 0, 2);
                }
                catch (KeySetFormatException)
                {
                }
            },
            iter: 2000);

    [Fact]
    public void Any_file_of_a_signing_key_is_read_or_refused() =>
        Mutations(s_bench.EcKey.ToPem()).Sample(
            pem =>
            {
                try
                {
                    SigningKey.FromPem(pem).Dispose();
                }
                catch (KeySetFormatException)
                {
                }
            },
            iter: 500);

    // What is signed by the issuer may be good or bad, as long as reading and validating agree that it is one of the two.
    private static void Check(string token)
    {
        TokenResult result = Validate(token);
        TokenInspection inspection = TokenReader.ReadUnverified(token, s_bench.Time);

        Assert.Equal(result.IsValid, result.Token is not null);
        // The reader grants no skew.
        Assert.True(!result.IsValid || inspection.Error is TokenError.None or TokenError.Expired or TokenError.NotYetValid or TokenError.IssuedInFuture);
        Assert.DoesNotContain(result.Description, char.IsControl);
    }

    private static TokenResult Validate(string token) => s_bench.Validator.ValidateAsync(token).AsTask().GetAwaiter().GetResult();

    // Cuts, doubles and plants pieces.
    private static Gen<string> Mutations(string original) =>
        Gen.Select(Gen.Int[0, original.Length - 1], Gen.Int[0, 12], s_piece, Gen.Bool).Array[1, 4].Select(changes =>
        {
            string text = original;
            foreach ((int at, int length, string piece, bool replace) in changes)
            {
                int start = Math.Min(at, text.Length);
                int end = Math.Min(start + length, text.Length);
                text = replace ? text[..start] + piece + text[end..] : text[..end] + piece + text[start..];
            }

            return text;
        });
}
