using System.Net;
using Microsoft.AspNetCore.Http;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Upstreams.GitHub;

/// <summary>
/// GitHub on this machine: one server whose REST API is a <see cref="GitHubModel"/>, and whose Git side is the real git-http-backend, opened by the
/// tokens of that API alone, each for its repository and its access.
/// </summary>
public sealed class GitHubStandIn : IAsyncDisposable
{
    private readonly GitHttpBackend _backend;
    private readonly List<string> _shown = [];
    private HttpPeer _peer = null!;

    private GitHubStandIn(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "repositories"));
        _backend = new GitHttpBackend(Path.Combine(folder, "repositories"), new Git(Path.Combine(folder, "home")));
    }

    /// <summary>What it knows of the App.</summary>
    public GitHubModel Model { get; } = new(TimeProvider.System);

    /// <summary>Where repositories are, as https://github.com is.</summary>
    public string Url => _peer.Url;

    /// <summary>Where the API is, as on GitHub Enterprise Server.</summary>
    public string ApiUrl => _peer.Url + "/api/v3";

    /// <summary>What Git requests showed as Authorization.</summary>
    public IReadOnlyList<string> Shown { get { lock (_shown) { return [.. _shown]; } } }

    /// <summary>Whether its Git side takes no token at all.</summary>
    public bool RejectsEverything { get; set; }

    /// <summary>Headers that no gateway may pass on, found in Git requests.</summary>
    public List<string> Strays { get; } = [];

    public static async Task<GitHubStandIn> StartAsync(string folder)
    {
        var standIn = new GitHubStandIn(folder);
        standIn._peer = await HttpPeer.StartAsync(standIn.HandleAsync);
        return standIn;
    }

    /// <summary>The folder of a repository.</summary>
    public string FolderOf(string repository) => _backend.FolderOf(repository);

    /// <summary>Makes an empty repository. The App has it only once it is installed there.</summary>
    public Task CreateRepositoryAsync(string repository) => _backend.CreateAsync(repository);

    public async ValueTask DisposeAsync()
    {
        await _peer.DisposeAsync();
        Model.Dispose();
    }

    private Task HandleAsync(HttpContext context) =>
        context.Request.Path.StartsWithSegments("/api/v3", out var rest) ? AnswerApiAsync(context, rest) : AnswerGitAsync(context);

    private async Task AnswerApiAsync(HttpContext context, PathString path)
    {
        var request = context.Request;
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        var reply = Model.Handle(new GitHubRequest(
            request.Method, path + request.QueryString, name => request.Headers.TryGetValue(name, out var values) ? values.ToString() : null, body.ToArray()));
        context.Response.StatusCode = (int)reply.Status;
        context.Response.ContentType = "application/json; charset=utf-8";
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers[name] = value;
        }

        await context.Response.WriteAsync(reply.Body.ToJsonString());
    }

    private async Task AnswerGitAsync(HttpContext context)
    {
        var request = context.Request;
        var path = request.Path.Value!;
        var end = path.IndexOf(".git/", StringComparison.Ordinal);
        var authorization = request.Headers.Authorization.ToString();
        lock (_shown)
        {
            _shown.Add(authorization);
            Strays.AddRange(request.Headers.Keys.Where(name => name is "Cookie" or "Forwarded" or "Via" || name.StartsWith("X-", StringComparison.OrdinalIgnoreCase)));
        }

        var writes = path.EndsWith("/git-receive-pack", StringComparison.Ordinal) || request.Query["service"] == "git-receive-pack";
        var status = RejectsEverything ? HttpStatusCode.Unauthorized : end < 0 ? HttpStatusCode.NotFound : Model.Admit(authorization.Length == 0 ? null : authorization, path[1..end], writes);
        if (status == HttpStatusCode.OK)
        {
            await _backend.HandleAsync(context);
            return;
        }

        // As GitHub does: its own challenge, a cookie, and words of its own.
        context.Response.StatusCode = (int)status;
        context.Response.Headers.SetCookie = "_gh_sess=upstream-secret; path=/";
        if (status == HttpStatusCode.Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"GitHub\"";
        }

        await context.Response.WriteAsync($"remote words of GitHub: {(int)status}\n");
    }
}
