using System.Net;

namespace Portcullis.Gateway.Backends.Upstream.Credentials.GitHub;

/// <summary>GitHub answered, and not with what was asked for.</summary>
/// <param name="status">Its status.</param>
/// <param name="explanation">What it said, fit for a log.</param>
internal sealed class GitHubApiException(HttpStatusCode status, string explanation) : Exception($"GitHub answered {(int)status}: {explanation}")
{
    /// <summary>Its status.</summary>
    public HttpStatusCode Status => status;

    /// <summary>What it said.</summary>
    public string Explanation => explanation;
}
