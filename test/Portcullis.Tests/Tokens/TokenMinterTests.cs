using System.Text;
using Portcullis.Tokens;
using Portcullis.Tokens.Minting;

namespace Portcullis.Tests.Tokens;

public sealed class TokenMinterTests
{
    [Fact]
    public void A_token_says_what_was_asked_and_no_more()
    {
        var fixture = new TokenFixture();
        string[] parts = fixture.Mint(TokenFixture.Request with { TokenId = "t-1", Lifetime = TimeSpan.FromSeconds(90.9) }).Split('.');

        Assert.Equal($$"""{"typ":"at+jwt","alg":"ES256","kid":"{{fixture.Key.KeyId}}"}""", Decode(parts[0]));
        Assert.Equal(
            $$"""{"iss":"https://authority.example","sub":"alice","aud":"https://git.example","exp":{{fixture.Now + 90}},"iat":{{fixture.Now}},"jti":"t-1","scope":"git:acme/app:pull"}""",
            Decode(parts[1]));
    }

    [Fact]
    public void Ids_of_tokens_do_not_repeat()
    {
        var fixture = new TokenFixture();

        Assert.Equal(1000, Enumerable.Range(0, 1000).Select(_ => fixture.Minter.Mint(TokenFixture.Request).TokenId).Distinct().Count());
    }

    [Fact]
    public async Task Names_in_any_script_pass_through()
    {
        var fixture = new TokenFixture();

        TokenResult result = await fixture.ValidateAsync(fixture.Mint(TokenFixture.Request with { Subject = "Zoë \"+<>\" 張偉 🦊" }));

        Assert.Equal("Zoë \"+<>\" 張偉 🦊", result.Token!.Subject);
    }

    [Fact]
    public void A_token_that_credential_stores_cannot_hold_is_not_made_and_the_largest_part_is_named()
    {
        var fixture = new TokenFixture();
        string scope = string.Join(' ', Enumerable.Range(0, 40).Select(i => $"git:acme/repository-{i}:pull"));

        MintedToken minted = fixture.Minter.Mint(TokenFixture.Request with { Scope = scope });

        Assert.False(minted.IsMinted);
        Assert.True(minted.Length > 1200);
        Assert.Contains("are its 40 permissions: ask for fewer", minted.Problem, StringComparison.Ordinal);
        MintedToken allowed = fixture.Minter.Mint(TokenFixture.Request with { Scope = scope, MaximumLength = 0 });
        Assert.Equal(minted.Length, allowed.Token!.Length);
        Assert.DoesNotContain(allowed.Token, allowed.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ES256", 1200)]
    [InlineData("RS256", 1200)]
    public void The_budget_is_exact(string algorithm, int budget)
    {
        var fixture = new TokenFixture(algorithm);
        int longest = Enumerable.Range(1, 1000).Last(n => fixture.Minter.Mint(TokenFixture.Request with { Scope = new string('x', n) }).IsMinted);

        Assert.InRange(fixture.Mint(TokenFixture.Request with { Scope = new string('x', longest) }).Length, budget - 1, budget);
    }

    [Fact]
    public void A_large_signature_is_named_too()
    {
        MintedToken minted = new TokenFixture("RS256").Minter.Mint(TokenFixture.Request with { Scope = new string('x', 900) });

        Assert.Contains("ES256 takes 86", minted.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_requests_that_no_validator_would_take()
    {
        TokenMinter minter = new TokenFixture().Minter;

        Assert.Throws<ArgumentException>(() => minter.Mint(TokenFixture.Request with { Subject = "" }));
        Assert.Throws<ArgumentException>(() => minter.Mint(TokenFixture.Request with { Audiences = [] }));
        Assert.Throws<ArgumentException>(() => minter.Mint(TokenFixture.Request with { Lifetime = TimeSpan.Zero }));
        Assert.Throws<ArgumentException>(() => minter.Mint(TokenFixture.Request with { Actors = [.. Enumerable.Repeat(new Actor("a"), 9)] }));
    }

    private static string Decode(string part) => Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(part));
}
