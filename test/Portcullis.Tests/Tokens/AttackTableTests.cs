using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

public sealed class AttackTableTests
{
    private static readonly AttackCase[] s_cases = [.. AttackTableShapes.Cases, .. AttackTableAlgorithms.Cases, .. AttackTableHeaders.Cases, .. AttackTableClaims.Cases];

    internal static IReadOnlyList<AttackCase> Cases => s_cases;

    public static TheoryData<string> Names => [.. s_cases.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Refuses(string name)
    {
        var bench = new AttackBench();
        AttackCase attack = s_cases.Single(c => c.Name == name);
        string token = attack.Token(bench);

        TokenResult first = await bench.Validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken);
        TokenResult again = await bench.Validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(attack.Expected, first.Error);
        Assert.Null(first.Token);
        Assert.Equal(attack.Expected, again.Error);
        Assert.EndsWith(".", first.Description.Replace("?", ".", StringComparison.Ordinal), StringComparison.Ordinal);
        // Long enough to be no accident: no part of a token in a sentence that goes to logs and terminals.
        foreach (string part in token.Split('.').Where(p => p.Length > 12))
        {
            Assert.DoesNotContain(part[..12], first.Description, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_check_has_an_attack_that_it_catches()
    {
        IEnumerable<TokenError> all = Enum.GetValues<TokenError>().Where(e => e is not TokenError.None);

        // These two need a state rather than a token: TokenValidatorTests has them.
        Assert.Empty(all.Except(s_cases.Select(c => c.Expected)).Except([TokenError.Revoked]));
    }

    [Fact]
    public async Task The_bench_itself_makes_tokens_that_pass()
    {
        var bench = new AttackBench();
        string[] good =
        [
            bench.Valid(),
            bench.WithClaims(c => c["extra"] = "x"),
            bench.WithRawClaim("aud", $"[\"{AttackBench.Audience}\",\"https://other.example\"]"),
            bench.HmacWith(AttackBench.Secret, AttackBench.HmacIssuer, "any"),
            bench.Sign(bench.Header(h => { h["alg"] = "RS256"; h["kid"] = bench.RsaKey.KeyId; }).ToJsonString(), bench.Claims(c => c["iss"] = AttackBench.RsaIssuer).ToJsonString(), bench.RsaKey),
            bench.Sign(bench.Header(h => h["typ"] = "JWT").ToJsonString(), bench.Claims(c => c["iss"] = AttackBench.PlainIssuer).ToJsonString()),
            bench.Sign(bench.Header(h => h.Remove("typ")).ToJsonString(), bench.Claims(c => c["iss"] = AttackBench.PlainIssuer).ToJsonString()),
            bench.WithHeader(h => h["typ"] = "Application/AT+JWT"),
            bench.WithHeader(h => h.Remove("kid")),
            bench.WithHeader(h => h["x5t"] = "ignored"),
        ];

        foreach (string token in good)
        {
            Assert.Equal(TokenError.None, (await bench.Validator.ValidateAsync(token, cancellationToken: TestContext.Current.CancellationToken)).Error);
        }
    }
}
