using System.Net;
using System.Text.Json;

namespace Portcullis.Tests.Authority;

/// <summary>A token for a person fits into every credential store, or is refused with what to do.</summary>
public sealed class TokenLengthTests
{
    private const int Budget = 1200;

    [Fact]
    public async Task Token_that_would_not_fit_is_refused_with_its_length_and_its_longest_permission()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var verifier = OAuthFlow.NewVerifier();
        var code = await OAuthFlow.GetCodeAsync(host, verifier, Scope(30));
        JsonElement refused = await host.PostAsync("/oauth/token", OAuthFlow.CodeForm(code, verifier), HttpStatusCode.BadRequest);
        Assert.Equal("invalid_scope", refused.GetProperty("error").GetString());
        var description = refused.GetProperty("error_description").GetString()!;
        Assert.Contains("1200 fit into every credential store", description, StringComparison.Ordinal);
        Assert.Contains("git:acme/repository-", description, StringComparison.Ordinal);
        Assert.Contains("by scope", description, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_for_what_is_needed_fits()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var (access, _, _) = await OAuthFlow.SignInAsync(host, Scope(5));
        Assert.InRange(access.Length, 1, Budget);
        Assert.Equal(5, (await host.AcceptAsync(access)).Scope!.Split(' ').Length);
    }

    private static string Scope(int count) => string.Join(' ', Enumerable.Range(0, count).Select(number => $"git:acme/repository-{number:00}@refs/heads/agent/*:push"));
}
