using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Everything that can be set. All paths are absolute once loaded.</summary>
internal sealed record PortcullisConfiguration
{
    /// <summary>Where the program listens and how it is reached.</summary>
    public ServerOptions Server { get; init; } = new();

    /// <summary>The folder of everything that Portcullis keeps, unless it is moved by another setting.</summary>
    [FilePath]
    public string Data { get; init; } = "./data";

    /// <summary>The authority's database: a SQLite connection string, or a PostgreSQL one where several nodes share it.</summary>
    [Secret]
    public string Database { get; init; } = "Data Source={data}/portcullis.db";

    /// <summary>The repositories that are served from this machine's disk.</summary>
    public RepositoriesOptions Repositories { get; init; } = new();

    /// <summary>Git servers elsewhere, whose repositories are opened by the same tokens and the same policy.</summary>
    public IReadOnlyList<UpstreamOptions> Upstreams { get; init; } = [];

    /// <summary>What is kept of upstreams' repositories to decide by: their history, for some callers their objects. All of it can be fetched again.</summary>
    public MirrorsOptions Mirrors { get; init; } = new();

    /// <summary>Git LFS: large objects beside the repositories.</summary>
    public LfsOptions Lfs { get; init; } = new();

    /// <summary>The git program that serves them.</summary>
    public GitOptions Git { get; init; } = new();

    /// <summary>The part that verifies who someone is and issues tokens.</summary>
    public AuthoritySettings Authority { get; init; } = new();

    /// <summary>Issuers whose tokens are accepted besides those of the authority.</summary>
    public IReadOnlyList<IssuerOptions> Issuers { get; init; } = [];

    /// <summary>The policy. It is read again when it changes. A file at the default place need not be there: then there are no roles and no rules.</summary>
    [FilePath]
    public string Policy { get; init; } = "./policy.yaml";

    /// <summary>The audit log.</summary>
    public AuditOptions Audit { get; init; } = new();

    /// <summary>Forward authentication: a proxy asks at <c>/auth/check</c> whether a request may pass.</summary>
    public ForwardAuthSettings ForwardAuth { get; init; } = new();

    /// <summary>The token endpoint of container registries, <c>/token</c>.</summary>
    public RegistrySettings Registry { get; init; } = new();

    /// <summary>Bounds on what callers can use.</summary>
    public LimitsOptions Limits { get; init; } = new();
}
