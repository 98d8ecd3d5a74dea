using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>
/// The two requests to GitHub's REST API that an App needs (docs.github.com, REST API, "Apps"): which installation a repository belongs to, and a token of it.
/// Bounded in size and time; redirects are not followed: what answers elsewhere is another repository, or somebody else.
/// </summary>
internal sealed class GitHubAppApi(GitHubAppDefinition options, HttpMessageInvoker http, TimeProvider time)
{
    private const string ApiVersion = "2022-11-28";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(15);
    private static readonly ProductInfoHeaderValue Agent = new("portcullis", null);

    private readonly string root = options.ApiUrl.AbsoluteUri.TrimEnd('/');
    private long pausedUntilTicks;

    /// <summary>The installation that a repository belongs to.</summary>
    public async Task<long> FindInstallationAsync(string owner, string name, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(HttpMethod.Get, $"/repos/{Uri.EscapeDataString(owner)}/{Uri.EscapeDataString(name)}/installation", null, cancellationToken);
        return GitHubAppReplies.ReadInstallation(reply);
    }

    /// <summary>A new token of an installation for one of its repositories, and no more than reading or writing its contents.</summary>
    public async Task<InstallationToken> CreateTokenAsync(long installation, string owner, string name, bool writes, CancellationToken cancellationToken)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new
        {
            repositories = new[] { name },
            permissions = Permissions(writes),
        });
        var path = $"/app/installations/{installation.ToString(CultureInfo.InvariantCulture)}/access_tokens";
        var reply = await SendAsync(HttpMethod.Post, path, body, cancellationToken);
        return GitHubAppReplies.ReadToken(reply, owner, name, writes, time.GetUtcNow());
    }

    private Dictionary<string, string> Permissions(bool writes)
    {
        var permissions = new Dictionary<string, string> { ["contents"] = writes ? "write" : "read", ["metadata"] = "read" };
        if (writes && options.MayWriteWorkflows)
        {
            permissions["workflows"] = "write";
        }

        return permissions;
    }

    private async Task<byte[]> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now.UtcTicks < Volatile.Read(ref pausedUntilTicks))
        {
            throw new UpstreamCredentialException("GitHub asked to be left alone for a while (its rate limit).");
        }

        using var message = new HttpRequestMessage(method, root + path) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        message.Headers.Accept.ParseAdd("application/vnd.github+json");
        message.Headers.Add("X-GitHub-Api-Version", ApiVersion);
        message.Headers.UserAgent.Add(Agent);
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", AppAssertion.Sign(options.AppId, options.PrivateKeyFile, now));
        if (body is not null)
        {
            message.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        }

        using var timeout = new CancellationTokenSource(Timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var response = await http.SendAsync(message, ending.Token);
            return await ReadAsync(response, now, ending.Token);
        }
        catch (HttpRequestException exception)
        {
            throw new UpstreamCredentialException($"{root} can't be reached: {exception.HttpRequestError}.");
        }
        catch (IOException)
        {
            throw new UpstreamCredentialException($"{root} broke off its answer.");
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw new UpstreamCredentialException($"{root} did not answer within {Timeout.TotalSeconds:0} seconds.");
        }
    }

    private async Task<byte[]> ReadAsync(HttpResponseMessage response, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var isGood = response.StatusCode is HttpStatusCode.OK or HttpStatusCode.Created;
        if (!isGood)
        {
            Pause(response, now);
        }

        var body = await GitHubAppReplies.ReadBodyAsync(response, cancellationToken);
        return isGood ? body : throw new GitHubApiException(response.StatusCode, GitHubAppReplies.ReadExplanation(body));
    }

    // "Best practices for using the REST API": Retry-After, or an exhausted x-ratelimit-remaining with its x-ratelimit-reset.
    private void Pause(HttpResponseMessage response, DateTimeOffset now)
    {
        var until = response.Headers.RetryAfter switch
        {
            { Delta: { } wait } => now + wait,
            { Date: { } date } => date,
            _ when Header(response, "x-ratelimit-remaining") == 0 && Header(response, "x-ratelimit-reset") is { } seconds and >= 0 and < 253_402_300_800 => DateTimeOffset.FromUnixTimeSeconds(seconds),
            _ => now,
        };
        if (until > now)
        {
            Volatile.Write(ref pausedUntilTicks, (until - now > LongestPause ? now + LongestPause : until).UtcTicks);
        }
    }

    private static long? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;
}
