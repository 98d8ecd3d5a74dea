using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Portcullis.EndToEnd.Upstreams.GitHub;
using Portcullis.Gateway.Backends.Upstream.Credentials;

namespace Portcullis.Tests.Gateway.Backends.Upstream.Credentials;

/// <summary>What tests of the credential of a GitHub App share: a model of GitHub with two installations, and what holds whatever a test is about.</summary>
public abstract class GitHubAppTest : IDisposable
{
    private protected static readonly UpstreamCredentialRequest s_read = new("acme/app", IsPush: false);
    private protected static readonly UpstreamCredentialRequest s_write = new("acme/app", IsPush: true);

    private protected readonly FakeTimeProvider _time = new(new DateTimeOffset(2031, 5, 6, 7, 8, 9, TimeSpan.Zero));
    private protected readonly LogLines _log = new();
    private protected readonly string _keyFile = Path.GetTempFileName();
    private protected readonly GitHubModel _gitHub;
    private protected readonly GitHubHandler _handler;

    private protected GitHubAppTest()
    {
        _gitHub = new GitHubModel(_time);
        _gitHub.Install(1, "acme", "write", "app", "lib");
        _gitHub.Install(2, "other", "read", "app");
        _handler = new GitHubHandler(_gitHub);
        File.WriteAllText(_keyFile, _gitHub.PrivateKeyPem);
    }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

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

    private protected GitHubReply Token(string value, string selection = "selected") => new(HttpStatusCode.Created, new JsonObject
    {
        ["token"] = value,
        ["expires_at"] = _time.GetUtcNow().AddHours(1).ToString("O"),
        ["repository_selection"] = selection,
    }, []);

    private protected IUpstreamCredential Create(string appId = GitHubModel.ClientId, long? installation = null, string api = "https://api.github.com", HttpMessageHandler? handler = null)
        => new GitHubAppDefinition { AppId = appId, PrivateKeyFile = _keyFile, InstallationId = installation, ApiUrl = new Uri(api) }
            .Create(new UpstreamCredentialServices(new HttpMessageInvoker(handler ?? _handler, disposeHandler: false), _time, _log));

    private protected static Task<AuthenticationHeaderValue> Get(IUpstreamCredential credential, UpstreamCredentialRequest request) => credential.GetAsync(request, Cancel).AsTask();

    private protected static string Decoded(AuthenticationHeaderValue value) => Encoding.UTF8.GetString(Convert.FromBase64String(value.Parameter!));

    private protected sealed class RawHandler(string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
            => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Created) { Content = new StringContent(body) });
    }

    private protected sealed class LogLines : ILoggerFactory, ILogger
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
