using Portcullis.Tests.Git;
using Portcullis.Tests.Git.Advertisements;

namespace Portcullis.Tests.Gateway.RefFiles;

/// <summary>A repository that is copied for each test.</summary>
public sealed class OriginalRepository : IDisposable
{
    internal ScratchRepository Repository { get; } = RepositoryShapes.All["plain"]();

    internal string Main => Repository.Run("rev-parse", "main");

    /// <inheritdoc/>
    public void Dispose() => Repository.Dispose();
}
