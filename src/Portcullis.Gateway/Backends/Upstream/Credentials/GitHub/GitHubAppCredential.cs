using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>
/// A GitHub App: for each repository, and for reading and writing apart, a token of its own that is good for just that. What leaks from one request, if
/// anything ever does, opens no other repository, and ends within the hour.
/// </summary>
internal sealed partial class GitHubAppCredential(GitHubAppDefinition options, GitHubAppApi api, TimeProvider time, ILogger<GitHubAppCredential> logger)
    : IUpstreamCredential
{
    // GitHub takes installation tokens for Git as the password of this user alone; Bearer it rejects there.
    private const string UserName = "x-access-token";

    private const int MaxSlots = 4096;

    private readonly ConcurrentDictionary<UpstreamCredentialRequest, InstallationTokenSlot> slots = new();

    /// <summary>For how many repositories something is kept.</summary>
    internal int RepositoriesKnown => slots.Count;

    /// <inheritdoc/>
    public async ValueTask<AuthenticationHeaderValue> GetAsync(UpstreamCredentialRequest request, CancellationToken cancellationToken) =>
        ValueOf(await SlotOf(request).GetAsync(cancellationToken));

    /// <inheritdoc/>
    public async ValueTask<AuthenticationHeaderValue?> RenewAsync(UpstreamCredentialRequest request, AuthenticationHeaderValue rejected, CancellationToken cancellationToken)
    {
        LogRejected(logger, request.Repository, Word(request));
        return await SlotOf(request).ReplaceAsync(TokenOf(rejected), cancellationToken) is { } token ? ValueOf(token) : null;
    }

    private static AuthenticationHeaderValue ValueOf(InstallationToken token) => BasicAuthentication.Header(UserName, token.Value);

    private static string TokenOf(AuthenticationHeaderValue value) =>
        Encoding.UTF8.GetString(Convert.FromBase64String(value.Parameter ?? string.Empty))[(UserName.Length + 1)..];

    private static string Word(UpstreamCredentialRequest request) => request.IsPush ? "write" : "read";

    private InstallationTokenSlot SlotOf(UpstreamCredentialRequest request)
    {
        if (slots.TryGetValue(request, out var known))
        {
            return known;
        }

        if (slots.Count >= MaxSlots)
        {
            Tidy();
        }

        return slots.GetOrAdd(request, wanted => new InstallationTokenSlot(ending => CreateAsync(wanted, ending), time));
    }

    // A caller who may name many repositories must not fill the memory with what became of each.
    private void Tidy()
    {
        foreach (var (request, _) in slots.Where(slot => slot.Value.IsIdle))
        {
            slots.TryRemove(request, out _);
        }

        foreach (var (request, _) in slots.Take(Math.Max(0, slots.Count - (MaxSlots / 2))))
        {
            slots.TryRemove(request, out _);
        }
    }

    private async Task<InstallationToken> CreateAsync(UpstreamCredentialRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var names = request.Repository.Split('/');
            if (names is not [{ Length: > 0 } owner, { Length: > 0 } name])
            {
                throw new UpstreamRepositoryUnknownException($"{request.Repository} is no repository at GitHub: those are called owner/name.");
            }

            var installation = options.InstallationId ?? await FindInstallationAsync(owner, name, cancellationToken);
            var token = await CreateTokenAsync(installation, owner, name, request.IsPush, cancellationToken);
            LogCreated(logger, request.Repository, Word(request), token.ExpiresAt);
            return token;
        }
        catch (UpstreamCredentialException exception)
        {
            LogFailed(logger, request.Repository, Word(request), exception.Message);
            throw;
        }
    }

    private async Task<long> FindInstallationAsync(string owner, string name, CancellationToken cancellationToken)
    {
        try
        {
            return await api.FindInstallationAsync(owner, name, cancellationToken);
        }
        catch (GitHubApiException exception)
        {
            throw exception.Status == HttpStatusCode.NotFound
                ? new UpstreamRepositoryUnknownException($"The app is not installed on {owner}/{name}, or there is no such repository.")
                : Explain(exception, owner, name);
        }
    }

    private async Task<InstallationToken> CreateTokenAsync(long installation, string owner, string name, bool writes, CancellationToken cancellationToken)
    {
        try
        {
            return await api.CreateTokenAsync(installation, owner, name, writes, cancellationToken);
        }
        catch (GitHubApiException exception)
        {
            throw exception.Status switch
            {
                HttpStatusCode.NotFound => new UpstreamCredentialException($"The app has no installation {installation}."),

                // Two things are unprocessable: a repository that the installation has not, and a permission.
                HttpStatusCode.UnprocessableEntity when exception.Explanation.Contains("repositor", StringComparison.OrdinalIgnoreCase) =>
                    new UpstreamRepositoryUnknownException($"Installation {installation} has no repository {name}."),
                _ => Explain(exception, owner, name),
            };
        }
    }

    private static UpstreamCredentialException Explain(GitHubApiException exception, string owner, string name) => new(exception.Status switch
    {
        HttpStatusCode.Unauthorized => $"GitHub does not take the app's signature: check appId, the key, and this machine's clock. {exception.Message}",
        HttpStatusCode.MovedPermanently or HttpStatusCode.Found or HttpStatusCode.TemporaryRedirect or HttpStatusCode.PermanentRedirect =>
            $"{owner}/{name} was renamed or moved. Whoever may use the old name need not be meant to use the new one: change it in permissions, policy and remotes.",
        _ => exception.Message,
    });

    [LoggerMessage(1, LogLevel.Information, "GitHub gave a token for {Repository} ({Access}), good until {ExpiresAt:u}.")]
    private static partial void LogCreated(ILogger logger, string repository, string access, DateTimeOffset expiresAt);

    [LoggerMessage(2, LogLevel.Warning, "There is no token for {Repository} ({Access}) at GitHub: {Problem}")]
    private static partial void LogFailed(ILogger logger, string repository, string access, string problem);

    [LoggerMessage(3, LogLevel.Warning, "GitHub did not take its own token for {Repository} ({Access}) any more.")]
    private static partial void LogRejected(ILogger logger, string repository, string access);
}
