using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Portcullis.EndToEnd.Upstreams.GitHub;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Tests.Gateway.Upstream.Credentials;

public sealed class GitHubAppCredentialTests : IDisposable
{
    private static readonly UpstreamCredentialRequest s_read = new("acme/app", IsPush: false);
    private static readonly UpstreamCredentialRequest s_write = new("acme/app", IsPush: true);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));
    private readonly LogLines _log = new();
    private readonly string _keyFile = Path.GetTempFileName();
    private readonly GitHubModel _gitHub;
    private readonly GitHubHandler _handler;

    public GitHubAppCredentialTests()
    {
        _gitHub = new GitHubModel(_time);
        _gitHub.Install(1, "acme", "write", "app", "lib");
        _gitHub.Install(2, "other", "read", "app");
        _handler = new GitHubHandler(_gitHub);
        File.WriteAllText(_keyFile, _gitHub.PrivateKeyPem);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        // Whatever a test was about: nothing departed from GitHub's documentation, and no token or assertion stands in the log.
        Assert.Empty(_gitHub.Departures);
        Assert.DoesNotContain("eyJ", _log.Text);
        Assert.DoesNotContain("ghs_", _log.Text);
        _gitHub.Dispose();
        _handler.Dispose();
        _log.Dispose();
        File.Delete(_keyFile);
    }

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

    [Fact]
    public async Task Token_is_made_once_for_many_who_wait_for_it()
    {
        _handler.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var credential = Create();
        var waiting = Enumerable.Range(0, 50).Select(_ => Get(credential, s_read)).ToList();
        _handler.Gate.SetResult();

        var values = await Task.WhenAll(waiting);

        Assert.Single(values.Distinct());
        Assert.Single(_gitHub.Tokens);
    }

    [Fact]
    public async Task One_who_leaves_does_not_end_it_for_the_others()
    {
        _handler.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var credential = Create();
        using var leaving = new CancellationTokenSource();
        var first = credential.GetAsync(s_read, leaving.Token).AsTask();
        var second = Get(credential, s_read);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        _handler.Gate.SetResult();

        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit((await second).ToString(), "acme/app", writes: false));
    }

    [Fact]
    public async Task Token_is_kept_and_made_anew_in_the_background_before_its_end()
    {
        var credential = Create();
        var first = await credential.GetAsync(s_read, Cancel);
        _time.Advance(TimeSpan.FromMinutes(54));
        Assert.Equal(first, await credential.GetAsync(s_read, Cancel));
        Assert.Single(_gitHub.Tokens);

        // Within the last five minutes: the old one still answers, and at once; the next is on its way.
        _handler.Gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _time.Advance(TimeSpan.FromMinutes(2));
        var during = credential.GetAsync(s_read, Cancel);
        Assert.True(during.IsCompletedSuccessfully);
        Assert.Equal(first, await during);
        _handler.Gate.SetResult();

        while (_gitHub.Tokens.Count < 2 || (await credential.GetAsync(s_read, Cancel)).Equals(first))
        {
            await Task.Yield();
        }

        Assert.Equal(2, _gitHub.Tokens.Count);
    }

    [Fact]
    public async Task No_request_begins_with_a_token_that_ends_within_the_minute()
    {
        var credential = Create();
        await credential.GetAsync(s_read, Cancel);
        _time.Advance(TimeSpan.FromMinutes(59.5));

        var now = await credential.GetAsync(s_read, Cancel);

        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit(now.ToString(), "acme/app", writes: false));
    }

    [Fact]
    public async Task Token_of_any_length_and_form_is_taken()
    {
        _gitHub.Instead = request => request.Method == "GET" ? null : Token(new string('a', 8000) + ".b_c-d");
        Assert.Contains("b_c-d", Decoded(await Create().GetAsync(s_read, Cancel)));
    }

    [Fact]
    public async Task Rejected_token_is_replaced_once_and_not_again_and_again()
    {
        var credential = Create();
        var first = await credential.GetAsync(s_read, Cancel);
        _time.Advance(TimeSpan.FromMinutes(1));
        _gitHub.RevokeAllTokens();

        var second = await credential.RenewAsync(s_read, first, Cancel);
        Assert.NotNull(second);
        Assert.NotEqual(first, second);
        Assert.Equal(HttpStatusCode.OK, _gitHub.Admit(second.ToString(), "acme/app", writes: false));

        // Another request that was under way with the first one gets the second, and none is made.
        Assert.Equal(second, await credential.RenewAsync(s_read, first, Cancel));
        Assert.Equal(2, _gitHub.Tokens.Count);

        // An upstream that takes none is not answered with one token after the other.
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(await credential.RenewAsync(s_read, second, Cancel));
        Assert.Equal(2, _gitHub.Tokens.Count);
    }

    [Fact]
    public async Task Token_that_is_seconds_old_is_shown_once_more_after_a_moment()
    {
        var credential = Create();
        var first = await credential.GetAsync(s_read, Cancel);

        var renewing = credential.RenewAsync(s_read, first, Cancel).AsTask();
        Assert.False(renewing.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(first, await renewing);
        Assert.Single(_gitHub.Tokens);
    }

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

    private GitHubReply Token(string value, string selection = "selected") => new(HttpStatusCode.Created, new JsonObject
    {
        ["token"] = value,
        ["expires_at"] = _time.GetUtcNow().AddHours(1).ToString("O"),
        ["repository_selection"] = selection,
    }, []);

    private IUpstreamCredential Create(string appId = GitHubModel.ClientId, long? installation = null, string api = "https://api.github.com", HttpMessageHandler? handler = null)
        => new GitHubAppDefinition { AppId = appId, PrivateKeyFile = _keyFile, InstallationId = installation, ApiUrl = new Uri(api) }
            .Create(new UpstreamCredentialServices(new HttpMessageInvoker(handler ?? _handler, disposeHandler: false), _time, _log));

    private static Task<AuthenticationHeaderValue> Get(IUpstreamCredential credential, UpstreamCredentialRequest request) => credential.GetAsync(request, Cancel).AsTask();

    private static string Decoded(AuthenticationHeaderValue value) => Encoding.UTF8.GetString(Convert.FromBase64String(value.Parameter!));

    private sealed class RawHandler(string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent(body) });
    }

    private sealed class LogLines : ILoggerFactory, ILogger
    {
        private readonly StringBuilder _lines = new();

        public string Text { get { lock (_lines) { return _lines.ToString(); } } }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (_lines)
            {
                _lines.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString());
            }
        }

        public void Dispose()
        {
        }
    }
}
