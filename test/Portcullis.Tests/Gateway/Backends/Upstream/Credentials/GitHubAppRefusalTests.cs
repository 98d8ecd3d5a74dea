using System.Net;
using Portcullis.EndToEnd.Upstreams.GitHub;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Tests.Gateway.Backends.Upstream.Credentials;

/// <summary>What GitHub refuses or gets wrong, and what is said of it.</summary>
public sealed class GitHubAppRefusalTests : GitHubAppTest
{
    [Theory]
    [InlineData("acme/unknown")]
    [InlineData("nobody/app")]
    [InlineData("app")]
    [InlineData("acme/app/more")]
    public async Task Repository_that_the_app_has_not_is_unknown(string repository)
        => await Assert.ThrowsAsync<UpstreamRepositoryUnknownException>(() => Get(Create(), new UpstreamCredentialRequest(repository, false)));

    [Fact]
    public async Task Repository_that_a_configured_installation_has_not_is_unknown()
        => await Assert.ThrowsAsync<UpstreamRepositoryUnknownException>(() => Get(Create(installation: 1), new UpstreamCredentialRequest("acme/unknown", false)));

    [Fact]
    public async Task Token_for_a_repository_of_the_same_name_elsewhere_is_not_used()
    {
        // Installation 1 belongs to acme; other/app is asked for, and GitHub gives a token for acme/app.
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(Create(installation: 1), new UpstreamCredentialRequest("other/app", false)));
        Assert.Contains("not for other/app alone", problem.Message);
    }

    [Fact]
    public async Task Token_for_all_repositories_is_not_used()
    {
        _gitHub.Instead = request => request.Method == "GET" ? null : Token("ghs_x", selection: "all");
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(Create(), s_read));
    }

    [Fact]
    public async Task Missing_permission_is_said_plainly()
    {
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(Create(), new UpstreamCredentialRequest("other/app", IsPush: true)));
        Assert.Contains("permissions requested are not granted", problem.Message);
    }

    [Fact]
    public async Task Renamed_repository_is_not_followed()
    {
        _gitHub.Instead = _ => GitHubModel.Error(HttpStatusCode.MovedPermanently, "Moved Permanently", ("Location", "https://api.github.com/repositories/1/installation"));
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(Create(), s_read));
        Assert.Contains("renamed or moved", problem.Message);
        Assert.Single(_gitHub.Requests);
    }

    [Fact]
    public async Task Failure_is_remembered_for_a_moment_and_then_tried_again()
    {
        _handler.Failure = () => new HttpRequestException(HttpRequestError.ConnectionError);
        var credential = Create();
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        Assert.Single(_handler.Asked);

        _time.Advance(TimeSpan.FromSeconds(2));
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        Assert.Equal(2, _handler.Asked.Count);

        // Twice as long now.
        _time.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        Assert.Equal(2, _handler.Asked.Count);

        _handler.Failure = null;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(await credential.GetAsync(s_read, Cancel));
    }

    [Fact]
    public async Task GitHub_that_hangs_is_given_up()
    {
        _handler.Gate = new TaskCompletionSource();
        var waiting = Get(Create(), s_read);
        while (_handler.Asked.Count == 0)
        {
            await Task.Yield();
        }

        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Contains("did not answer", (await Assert.ThrowsAsync<UpstreamCredentialException>(() => waiting)).Message);
    }

    [Theory]
    [InlineData("Retry-After", "60")]
    [InlineData("x-ratelimit-remaining", "0")]
    public async Task Rate_limit_is_kept_for_every_repository(string name, string value)
    {
        var reset = $"{_time.GetUtcNow().AddSeconds(60).ToUnixTimeSeconds()}";
        _gitHub.Instead = _ => GitHubModel.Error(HttpStatusCode.Forbidden, "API rate limit exceeded", (name, value), ("x-ratelimit-reset", reset));
        var credential = Create();
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, new UpstreamCredentialRequest("acme/lib", false)));
        Assert.Single(_gitHub.Requests);

        _gitHub.Instead = null;
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.NotNull(await credential.GetAsync(s_read, Cancel));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("<html>")]
    [InlineData("""{"token":"a b","expires_at":"2031-05-06T08:08:09Z"}""")]
    [InlineData("""{"token":"ghs_x\r\nX-Evil: 1","expires_at":"2031-05-06T08:08:09Z"}""")]
    [InlineData("""{"token":"","expires_at":"2031-05-06T08:08:09Z"}""")]
    [InlineData("""{"token":"ghs_x"}""")]
    [InlineData("""{"token":"ghs_x","expires_at":"soon"}""")]
    [InlineData("""{"token":"ghs_x","expires_at":"2031-05-06T07:08:09Z"}""")]
    [InlineData("""{"token":"ghs_x","expires_at":"2031-05-06T08:08:09Z","repositories":[]}""")]
    [InlineData("""{"token":"ghs_x","expires_at":"2031-05-06T08:08:09Z","repositories":[{"full_name":"acme/app"},{"full_name":"acme/lib"}]}""")]
    [InlineData("""{"token":"ghs_x","expires_at":"2031-05-06T08:08:09Z","permissions":{"metadata":"read"}}""")]
    public async Task Answer_that_is_not_as_documented_gives_no_token(string body)
    {
        using var raw = new RawHandler(body);
        var credential = Create(handler: raw, installation: 1);
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        Assert.DoesNotContain("ghs_x", problem.Message);
    }

    [Fact]
    public async Task Key_is_read_anew_and_what_is_wrong_with_it_is_said_without_it()
    {
        File.WriteAllText(_keyFile, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n");
        var credential = Create();
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(credential, s_read));
        Assert.Contains("no unencrypted private RSA key", problem.Message);
        Assert.DoesNotContain("c2VjcmV0", problem.ToString());

        File.WriteAllText(_keyFile, _gitHub.PrivateKeyPem);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.NotNull(await credential.GetAsync(s_read, Cancel));
    }

    [Fact]
    public async Task Other_app_or_key_is_explained_to_the_operator()
    {
        using var other = System.Security.Cryptography.RSA.Create(2048);
        File.WriteAllText(_keyFile, other.ExportPkcs8PrivateKeyPem());
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(Create(), s_read));
        Assert.Contains("check appId, the key", problem.Message);
    }

    [Fact]
    public async Task Words_of_GitHub_can_not_forge_lines_of_the_log()
    {
        _gitHub.Instead = _ => GitHubModel.Error(HttpStatusCode.InternalServerError, "oops\nfatal: forged\u2028line" + new string('x', 10_000));
        var problem = await Assert.ThrowsAsync<UpstreamCredentialException>(() => Get(Create(), s_read));
        Assert.DoesNotContain('\n', problem.Message);
        Assert.DoesNotContain('\u2028', problem.Message);
        Assert.True(problem.Message.Length < 300);
    }

    [Fact]
    public async Task Callers_who_name_many_repositories_do_not_fill_the_memory()
    {
        var credential = Create();
        for (var i = 0; i < 5000; i++)
        {
            await Assert.ThrowsAsync<UpstreamRepositoryUnknownException>(() => Get(credential, new UpstreamCredentialRequest($"n{i}", false)));
        }

        Assert.InRange(((Portcullis.Gateway.Backends.Upstream.Credentials.GitHub.GitHubAppCredential)credential).RepositoriesKnown, 1, 4096);
    }
}
