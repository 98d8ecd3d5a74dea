using System.Text;
using Portcullis.CredentialHelper;
using Portcullis.Git.Credentials;

namespace Portcullis.Tests.CredentialHelper;

/// <summary>What git asks, and what a token is asked for with.</summary>
public sealed class RemoteTests
{
    private const string Ours = "Bearer realm=\"https://git.example.com/oauth/token\", service=\"https://git.example.com\", scope=\"git:acme/app:pull\"";

    [Theory]
    [InlineData("", "", null)]
    [InlineData("acme/app.git", "", "git:acme/app:pull,push,force,delete,init")]
    [InlineData("acme/app", "", "git:acme/app:pull,push,force,delete,init")]
    [InlineData("/acme/app.git/", "", "git:acme/app:pull,push,force,delete,init")]
    [InlineData("acme/app.git/info/lfs", "", "git:acme/app:pull,push,force,delete,init")]
    [InlineData("acme/../app", "", null)]
    [InlineData("acme/app:pull git:*", "", null)]
    [InlineData("", Ours, "git:acme/app:pull")]
    [InlineData("acme/app.git", Ours, "git:acme/app:pull")]
    [InlineData("acme/other.git", Ours, "git:acme/other:pull,push,force,delete,init")] // The challenge is the server's word, the address the person's.
    [InlineData("", "Bearer realm=\"x\", scope=\"git:acme/app:push\"", "git:acme/app:pull,push,force,delete,init")]
    [InlineData("", "Bearer realm=\"x\", scope=\"git:*:pull\"", null)]
    [InlineData("", "Bearer realm=\"x\", scope=\"git:acme/app:pull git:other/app:pull\"", null)]
    [InlineData("", "Bearer realm=\"x\", scope=\"git:acme/app@refs/heads/x:pull\"", null)]
    [InlineData("", "Bearer realm=\"x\", scope=\"openid\"", null)]
    [InlineData("", "Basic realm=\"x\", scope=\"git:acme/app:pull\"", null)]
    public void A_token_is_asked_for_with_one_repository(string path, string challenge, string? scope)
    {
        Remote remote = Remote.From(Message("protocol=https", "host=git.example.com", "path=" + path, "wwwauth[]=Basic realm=\"Portcullis\"", "wwwauth[]=" + challenge))!;
        Assert.Equal("https://git.example.com", remote.Origin);
        Assert.Equal(scope, remote.Scope);
    }

    [Theory]
    [InlineData("https", "git.example.com", "https://git.example.com")]
    [InlineData("https", "git.example.com:8443", "https://git.example.com:8443")]
    [InlineData("https", "git.example.com:443", "https://git.example.com")]
    [InlineData("http", "127.0.0.1:7080", "http://127.0.0.1:7080")]
    [InlineData("http", "localhost:7080", "http://localhost:7080")]
    [InlineData("http", "git.example.com", null)]
    [InlineData("http", "127.0.0.1.evil.example", null)]
    [InlineData("ssh", "git.example.com", null)]
    [InlineData("file", "", null)]
    [InlineData("https", "alice@git.example.com", null)]
    [InlineData("https", "git.example.com/x", null)]
    [InlineData("https", "git.example.com?x", null)]
    [InlineData("https", "", null)]
    public void Tokens_go_over_TLS_or_stay_on_the_machine(string protocol, string host, string? origin) =>
        Assert.Equal(origin, Remote.From(Message("protocol=" + protocol, "host=" + host))?.Origin);

    private static CredentialMessage Message(params string[] lines) => CredentialMessage.Parse(Encoding.UTF8.GetBytes(string.Join('\n', lines) + "\n"));
}
