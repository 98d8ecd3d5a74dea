using System.Net;
using Portcullis.EndToEnd.Upstreams.GitHub;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Tests.Gateway.Backends.Upstream.Credentials;

/// <summary>What a token is asked for, and with what.</summary>
public sealed class GitHubAppCredentialTests : GitHubAppTest
{
    [Fact]
    public async Task Token_is_narrowed_to_one_repository_and_to_reading_or_writing()
    {
        var credential = Create();
        var read = await credential.GetAsync(s_read, Cancel);
        var write = await credential.GetAsync(s_write, Cancel);

        Assert.Equal("Basic", read.Scheme);
        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit(read.ToString(), "acme/app", writes: false));
        Assert.Equal(HttpStatusCode.Forbidden, _gitHub.Admit(read.ToString(), "acme/app", writes: true));
        Assert.Equal(HttpStatusCode.NotFound, _gitHub.Admit(read.ToString(), "acme/lib", writes: false));
        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit(write.ToString(), "acme/app", writes: true));
        Assert.Equal(["acme/app read", "acme/app write"], _gitHub.Tokens.Select(token => $"{token.Repository} {token.Contents}"));
    }

    [Fact]
    public async Task Installation_is_looked_up_for_each_repository_unless_it_is_configured()
    {
        await Create().GetAsync(s_read, Cancel);
        Assert.Equal(["GET /repos/acme/app/installation", "POST /app/installations/1/access_tokens"], _gitHub.Requests);

        await Create(installation: 1).GetAsync(s_read, Cancel);
        Assert.Equal("POST /app/installations/1/access_tokens", _gitHub.Requests[2]);
        Assert.Equal(3, _gitHub.Requests.Count);
    }

    [Fact]
    public async Task Enterprise_servers_have_their_api_below_a_path()
    {
        _gitHub.Instead = request => GitHubModel.Error(HttpStatusCode.NotFound, "Not Found");
        await Assert.ThrowsAsync<UpstreamRepositoryUnknownException>(() => Get(Create(api: "https://git.example.com/api/v3/"), s_read));
        Assert.Equal("https://git.example.com/api/v3/repos/acme/app/installation", Assert.Single(_handler.Asked).AbsoluteUri);
    }

    [Fact]
    public async Task Application_id_works_as_well_as_client_id()
    {
        await Create(appId: GitHubModel.AppId).GetAsync(s_read, Cancel);
        Assert.Single(_gitHub.Tokens);
    }
}
