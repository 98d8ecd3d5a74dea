using System.Text;
using Microsoft.Extensions.Primitives;
using Portcullis.AspNetCore.Credentials;

namespace Portcullis.Tests.Gateway.Authentication;

public sealed class CredentialReaderTests
{
    private const string Token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";

    [Theory]
    [InlineData("Bearer " + Token)]
    [InlineData("bearer " + Token)]
    [InlineData("BEARER " + Token)]
    public void Accepts_a_token_as_bearer(string header) => Assert.Equal(Token, CredentialReader.Read(header).Token);

    [Theory]
    [InlineData("x-access-token", Token)]
    [InlineData("oauth2", Token)]
    [InlineData("", Token)]
    [InlineData(Token, "")]
    [InlineData(Token, "x-oauth-basic")]
    public void Accepts_a_token_as_basic_password_or_user_name(string user, string password) =>
        Assert.Equal(Token, CredentialReader.Read(Basic(user, password)).Token);

    [Fact]
    public void User_name_is_kept_for_the_record() => Assert.Equal("oauth2", CredentialReader.Read(Basic("oauth2", Token)).UserName);

    [Fact]
    public void User_name_that_could_be_a_token_is_not_kept() => Assert.Null(CredentialReader.Read(Basic(Token, Token)).UserName);

    [Fact]
    public void Password_may_hold_colons() => Assert.Equal("a:b:c", CredentialReader.Read(Basic("user", "a:b:c")).Token);

    [Theory]
    [InlineData("")]
    [InlineData("Bearer ")]
    [InlineData("Bearer")]
    [InlineData("Basic Og==")]
    public void Header_without_a_credential_is_a_missing_one(string header)
    {
        var result = CredentialReader.Read(header);
        Assert.Null(result.Token);
        Assert.Null(result.Problem);
    }

    [Fact]
    public void Rejects_two_headers() => Assert.NotNull(CredentialReader.Read(new StringValues(["Bearer " + Token, "Bearer " + Token])).Problem);

    [Theory]
    [InlineData("Bearer a b")]
    [InlineData("Bearer a, Basic b")]
    [InlineData("Bearer  " + Token)]
    [InlineData("Bearer\t" + Token)]
    [InlineData("Basic ====")]
    [InlineData("Basic dXNlcg==")]
    [InlineData("Basic dXNlcjpw YXNz")]
    [InlineData("Basic /////w==")]
    [InlineData("Digest username=alice")]
    [InlineData("Negotiate abcdef")]
    public void Rejects_what_is_no_single_credential(string header)
    {
        var result = CredentialReader.Read(header);
        Assert.NotNull(result.Problem);
        Assert.Null(result.Token);
    }

    [Fact]
    public void Rejects_a_header_beyond_its_bound() => Assert.NotNull(CredentialReader.Read("Bearer " + new string('a', 16 * 1024)).Problem);

    [Fact]
    public void Result_never_shows_its_token() => Assert.DoesNotContain(Token, CredentialReader.Read("Bearer " + Token).ToString(), StringComparison.Ordinal);

    private static string Basic(string user, string password) =>
        "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":" + password));
}
