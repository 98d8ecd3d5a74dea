using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>An upstream could not be used. The message is for the log alone; callers are told by <see cref="UpstreamRefusals"/>.</summary>
internal sealed class UpstreamException(UpstreamFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Who failed and when.</summary>
    public UpstreamFailure Failure { get; } = failure;

    /// <summary>When to come again, where the upstream said so.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The name that the repository has by now, where the upstream said so.</summary>
    public RepositoryPath? Renamed { get; init; }
}
