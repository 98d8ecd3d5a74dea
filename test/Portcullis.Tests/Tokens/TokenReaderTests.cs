using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

public sealed class TokenReaderTests
{
    private readonly TokenFixture _fixture = new();

    [Fact]
    public void Shows_a_token_claim_by_claim()
    {
        TokenInspection inspection = TokenReader.ReadUnverified(_fixture.Mint(), _fixture.Time);

        Assert.Equal(["typ", "alg", "kid"], inspection.Header.Select(c => c.Name));
        Assert.Equal(["iss", "sub", "aud", "exp", "iat", "jti", "scope"], inspection.Payload.Select(c => c.Name));
        Assert.Equal("expires 2031-05-06 07:23:09 UTC, in 15 minutes", inspection.Payload.Single(c => c.Name == "exp").Meaning);
        Assert.Equal("alice", inspection.Payload.Single(c => c.Name == "sub").Value);
        Assert.Equal(64, inspection.SignatureLength);
        Assert.Equal(TokenError.None, inspection.Error);
        Assert.Null(inspection.Problem);
    }

    [Fact]
    public void Says_that_a_token_has_expired()
    {
        string token = _fixture.Mint();
        _fixture.Time.Advance(TimeSpan.FromMinutes(18));

        TokenInspection inspection = TokenReader.ReadUnverified(token, _fixture.Time);

        Assert.Equal(TokenError.Expired, inspection.Error);
        Assert.Equal("The token expired 3 minutes ago. Get a new one.", inspection.Problem);
        Assert.Equal("expires 2031-05-06 07:23:09 UTC, 3 minutes ago", inspection.Payload.Single(c => c.Name == "exp").Meaning);
    }

    [Fact]
    public void Shows_what_it_can_of_a_token_that_is_wrong()
    {
        var bench = new AttackBench();

        TokenInspection inspection = TokenReader.ReadUnverified(bench.WithRawClaim("exp", "\"soon\""), bench.Time);

        Assert.Equal(TokenError.ClaimInvalid, inspection.Error);
        Assert.Equal(("soon", "expires at no readable time"), inspection.Payload.Where(c => c.Name == "exp").Select(c => (c.Value, c.Meaning)).Single());
    }

    [Theory]
    [InlineData("", TokenError.Missing)]
    [InlineData("a.b", TokenError.Malformed)]
    [InlineData("é.b.c", TokenError.Malformed)]
    [InlineData("AAAA.AAAA.AAAA", TokenError.HeaderMalformed)]
    public void Shows_nothing_of_what_is_no_token(string text, TokenError error)
    {
        TokenInspection inspection = TokenReader.ReadUnverified(text, _fixture.Time);

        Assert.Equal(error, inspection.Error);
        Assert.Empty(inspection.Payload);
    }

    [Fact]
    public void Lets_nothing_through_that_commands_or_deceives_a_terminal()
    {
        var bench = new AttackBench();
        string token = bench.WithRawClaim("x\u202e", "\"\\u001b[2J\u009b\u202e\u2028é張\"");

        InspectedClaim claim = TokenReader.ReadUnverified(token, bench.Time).Payload.Single(c => c.Name.StartsWith('x'));

        Assert.Equal("x\\u{202e}", claim.Name);
        Assert.Equal("\\u{1b}[2J\\u{9b}\\u{202e}\\u{2028}é張", claim.Value);
    }
}
