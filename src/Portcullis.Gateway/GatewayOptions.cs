using Portcullis.Gateway.Backends.Upstream;

namespace Portcullis.Gateway;

/// <summary>What the gateway must know, made by the program's one configuration binder.</summary>
public sealed record GatewayOptions
{
    /// <summary>The URL that clients use, without a slash at its end: the default audience of tokens.</summary>
    public required string PublicUrl { get; init; }

    /// <summary>The realm of the Basic challenge, which Git shows when it asks for a password. Default: <c>Portcullis</c>.</summary>
    public string Realm { get; init; } = "Portcullis";

    /// <summary>The URL at which tokens are had, named in the Bearer challenge.</summary>
    public required string TokenEndpoint { get; init; }

    /// <summary>The directory of the repositories: <c>acme/app</c> lives in <c>acme/app.git</c> below it.</summary>
    public required string RepositoriesRoot { get; init; }

    /// <summary>The Git servers elsewhere, the first that matches a repository before the others; what none matches is on this machine's disk.</summary>
    public IReadOnlyList<UpstreamDefinition> Upstreams { get; init; } = [];

    /// <summary>The directory of what is kept of upstreams' repositories to decide by. Default: below <see cref="RunDirectory"/>.</summary>
    public string? MirrorsRoot { get; init; }

    /// <summary>How many bytes that may take in all; 0 for no limit. Default: 20 GiB.</summary>
    public long MaxMirrorBytes { get; init; } = 20L << 30;

    /// <summary>A directory of the gateway's own for what lives as long as the program: the generated git configuration and the journal of running pushes.</summary>
    public required string RunDirectory { get; init; }

    /// <summary>A git configuration file of the operator's, included into the defaults for every repository. It need not exist.</summary>
    public required string OperatorGitConfiguration { get; init; }

    /// <summary>Absolute path of git. Default: found in <c>PATH</c>.</summary>
    public string? GitProgram { get; init; }

    /// <summary>How many operations may run git at once; 1 or more. Default: twice the processors, at least 8.</summary>
    public int MaxConcurrentGitProcesses { get; init; } = Math.Max(8, 2 * Environment.ProcessorCount);

    /// <summary>How long an operation waits for one of these places before it is answered with 503. Default: 30 seconds.</summary>
    public TimeSpan GitProcessQueueTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one operation may run git. Default: 1 hour.</summary>
    public TimeSpan GitProcessTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The largest pack of a push in bytes; 0 for no limit, which is the default.</summary>
    public long MaxPushBytes { get; init; }

    /// <summary>How many refs one push may name. Default: 100,000.</summary>
    public int MaxRefCommands { get; init; } = 100_000;

    /// <summary>The largest request for a fetch, inflated, in bytes. Default: 64 MiB.</summary>
    public int MaxFetchRequestBytes { get; init; } = 64 << 20;

    /// <summary>How much memory lists of refs may take that are read from upstreams, all together, in bytes. Default: 256 MiB.</summary>
    public long MaxUpstreamListingBytes { get; init; } = 256L << 20;

    /// <summary>How often repositories are looked at, and maintained where they need it; zero for never. Default: 6 hours.</summary>
    public TimeSpan MaintenanceInterval { get; init; } = TimeSpan.FromHours(6);

    /// <summary>How many bytes of answers to fetches are kept on disk, to be sent again to whoever asks the same; 0 to keep none. Default: 1 GiB.</summary>
    public long PackCacheBytes { get; init; } = 1L << 30;

    /// <summary>How long such an answer is kept. Default: 1 hour.</summary>
    public TimeSpan PackCacheAge { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Whether Git LFS is served. Default: true.</summary>
    public bool LfsEnabled { get; init; } = true;

    /// <summary>A directory of its own for Git LFS objects, <c>acme/app.git</c> below it. Default: <c>lfs</c> in each repository's directory.</summary>
    public string? LfsRoot { get; init; }

    /// <summary>The directory of what is kept here of upstreams' repositories for Git LFS: locks, and who has brought what. Default: below <see cref="RunDirectory"/>.</summary>
    public string? UpstreamLfsRoot { get; init; }

    /// <summary>How long the credential lives that a Git LFS batch gives for each object. Default: 2 hours.</summary>
    public TimeSpan LfsTransferLifetime { get; init; } = TimeSpan.FromHours(2);

    /// <summary>The largest Git LFS object in bytes; 0 for no limit, which is the default.</summary>
    public long MaxLfsObjectBytes { get; init; }

    /// <summary>Requests that one caller may make in a minute; 0 for no limit, which is the default.</summary>
    public int RequestsPerMinute { get; init; }

    /// <summary>Whether a request is refused when the audit log can't be written. Default: true.</summary>
    public bool AuditRequired { get; init; } = true;
}
