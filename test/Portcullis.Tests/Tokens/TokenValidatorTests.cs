using Portcullis.Tokens;

namespace Portcullis.Tests.Tokens;

public sealed class TokenValidatorTests
{
    public static TheoryData<string> Algorithms => [.. SignatureAlgorithms.Asymmetric, .. SignatureAlgorithms.Symmetric];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public async Task Accepts_a_token_of_every_algorithm(string algorithm)
    {
        var fixture = new TokenFixture(algorithm);

        TokenResult first = await fixture.ValidateAsync(fixture.Mint());
        string token = fixture.Mint();
        _ = await fixture.ValidateAsync(token);
        TokenResult again = await fixture.ValidateAsync(token);

        Assert.Equal(TokenError.None, first.Error);
        Assert.Equal("alice", first.Token!.Subject);
        Assert.Equal(algorithm, first.Token.Algorithm);
        Assert.True(again.IsValid);
    }
}
