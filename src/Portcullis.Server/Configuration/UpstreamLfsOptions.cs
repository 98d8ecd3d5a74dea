namespace Portcullis.Server.Configuration;

/// <summary>Git LFS objects of an upstream's repositories.</summary>
internal sealed record UpstreamLfsOptions
{
    /// <summary>Whether they are served.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The origins besides its own, as <c>https://host</c>, at which its objects may be: this server goes nowhere else for them, whatever the upstream says.</summary>
    public IReadOnlyList<string> Storage { get; init; } = [];

    /// <summary><c>through</c>: objects come through this server. <c>direct</c>: who may pull every ref is sent to the storage for downloads; then no revocation cuts them, and the audit has the batch alone.</summary>
    public UpstreamLfsDownloads Downloads { get; init; }
}

/// <summary>Which way downloads from an upstream's storage go.</summary>
internal enum UpstreamLfsDownloads
{
    /// <summary>Through this server.</summary>
    Through,

    /// <summary>From the storage to the client.</summary>
    Direct,
}
