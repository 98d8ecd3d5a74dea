using System.Text.Json;
using Portcullis.CredentialHelper.Authority;
using Portcullis.CredentialHelper.Sessions;
using Portcullis.CredentialHelper.SignIn;

namespace Portcullis.Tests.CredentialHelper;

/// <summary>What comes back from a browser, what an authority says of itself, and what is kept.</summary>
public sealed class SignInTests : IDisposable
{
    private const string Authority = "https://git.example.com";
    private readonly string _folder = Path.Combine(Directory.CreateTempSubdirectory("portcullis-helper-").FullName, "state");

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_folder)!, recursive: true);

    [Theory]
    [InlineData("GET /?code=a%2Bb&state=s HTTP/1.1", "a+b", "s")]
    [InlineData("GET /?error=access_denied&state=s HTTP/1.1", null, "s")]
    [InlineData("GET /favicon.ico HTTP/1.1", null, null)]
    [InlineData("GET / HTTP/1.1", null, null)]
    [InlineData("POST /?code=a&state=s HTTP/1.1", null, null)]
    [InlineData("GET /?code=a&code=b&state=s HTTP/1.1", null, null)]
    [InlineData("GET //evil/?code=a&state=s HTTP/1.1", null, null)]
    [InlineData("", null, null)]
    public void A_code_comes_in_one_way(string requestLine, string? code, string? state)
    {
        IReadOnlyDictionary<string, string> parameters = LoopbackSignIn.Parameters(requestLine);
        Assert.Equal(code, parameters.GetValueOrDefault("code"));
        Assert.Equal(state, parameters.GetValueOrDefault("state"));
    }

    [Theory]
    [InlineData("https://git.example.com", "https://git.example.com/oauth/token", true)]
    [InlineData("https://evil.example", "https://git.example.com/oauth/token", false)]
    [InlineData("https://git.example.com/", "https://git.example.com/oauth/token", false)]
    [InlineData("https://git.example.com", "https://evil.example/oauth/token", false)]
    [InlineData("https://git.example.com", "https://git.example.com.evil.example/oauth/token", false)]
    [InlineData("https://git.example.com", "", false)]
    public void An_authority_speaks_for_itself_alone(string issuer, string tokenEndpoint, bool isTaken)
    {
        JsonElement document = JsonSerializer.SerializeToElement(new Dictionary<string, string>
        {
            ["issuer"] = issuer, ["authorization_endpoint"] = Authority + "/oauth/authorize", ["token_endpoint"] = tokenEndpoint,
            ["device_authorization_endpoint"] = Authority + "/oauth/device", ["revocation_endpoint"] = Authority + "/oauth/revoke",
        });
        if (isTaken)
        {
            Assert.Equal(tokenEndpoint, AuthorityMetadata.Read(document, Authority).TokenEndpoint);
        }
        else
        {
            Assert.Throws<AuthorityException>(() => AuthorityMetadata.Read(document, Authority));
        }
    }

    [Fact]
    public async Task A_login_is_for_its_owners_eyes_and_gone_when_it_holds_nothing()
    {
        using (SessionFile file = await SessionFile.OpenAsync(_folder, Authority, TimeProvider.System))
        {
            Assert.Null(file.Read().RefreshToken);
            file.Write(new Session { Authority = Authority, RefreshToken = "r", Tokens = [new HeldToken("git:a:pull", "t", DateTimeOffset.UnixEpoch)] });
            Session read = file.Read();
            Assert.Equal(("r", "t"), (read.RefreshToken, Assert.Single(read.Tokens).Token));
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder));
        var path = Assert.Single(Directory.EnumerateFiles(_folder, "*.json"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        using SessionFile again = await SessionFile.OpenAsync(_folder, Authority, TimeProvider.System);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.Contains("can be read by others", Assert.Throws<IOException>(() => again.Read()).Message, StringComparison.Ordinal);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllTextAsync(path, "{ not JSON", TestContext.Current.CancellationToken);
        Assert.Null(again.Read().RefreshToken);
        again.Write(new Session { Authority = Authority });
        Assert.Empty(Directory.EnumerateFiles(_folder, "*.json"));
    }

    [Fact]
    public async Task One_process_at_a_time_has_a_login()
    {
        SessionFile first = await SessionFile.OpenAsync(_folder, Authority, TimeProvider.System);
        Task<SessionFile> second = SessionFile.OpenAsync(_folder, Authority, TimeProvider.System);
        using (SessionFile other = await SessionFile.OpenAsync(_folder, "https://other.example", TimeProvider.System))
        {
            Assert.False(second.IsCompleted);
        }

        first.Write(new Session { Authority = Authority, RefreshToken = "r" });
        first.Dispose();
        using SessionFile next = await second;
        Assert.Equal("r", next.Read().RefreshToken);
    }
}
