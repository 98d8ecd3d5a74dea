using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Git LFS: large objects beside the repositories.</summary>
internal sealed record LfsOptions
{
    /// <summary>Whether it is served.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>A folder of its own for the objects: those of `acme/app` lie in `acme/app.git` below it.</summary>
    [FilePath]
    [DefaultText("`lfs` in each repository's own folder")]
    public string? Root { get; init; }

    /// <summary>How long the credential lives that is given for each object. A transfer that has begun may go on after that.</summary>
    [Between("1m", "24h")]
    public TimeSpan TransferLifetime { get; init; } = TimeSpan.FromHours(2);
}
