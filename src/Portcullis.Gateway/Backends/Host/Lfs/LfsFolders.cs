using Portcullis.Gateway.Backends.Host.Repositories;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>Where the Git LFS folders are: <c>lfs</c> in each repository's own directory, or all below a root of their own.</summary>
internal sealed class LfsFolders(RepositoryStore store, GatewayOptions options)
{
    /// <summary>The folder of what is kept here of an upstream's repository: its locks, and who has brought what. The objects are there.</summary>
    /// <param name="repository">Its path.</param>
    public LfsFolder OfUpstream(RepositoryPath repository)
    {
        var place = Path.Combine(options.UpstreamLfsRoot ?? Path.Combine(Path.GetFullPath(options.RunDirectory), "lfs"), repository.Value + ".git");
        Directory.CreateDirectory(Path.GetDirectoryName(place)!);
        return new LfsFolder(place);
    }

    /// <summary>The folder of a repository.</summary>
    /// <param name="repository">Its path.</param>
    /// <param name="directory">Its directory, which is there.</param>
    public LfsFolder Of(RepositoryPath repository, string directory)
    {
        if (store.LfsDirectoryOf(repository) is not { } elsewhere)
        {
            return new LfsFolder(Path.Combine(directory, "lfs"));
        }

        Directory.CreateDirectory(Path.GetDirectoryName(elsewhere)!);
        return new LfsFolder(elsewhere);
    }

    /// <summary>The bytes that are free where objects go.</summary>
    /// <param name="directory">The repository's directory; null for one that is not made yet.</param>
    public long FreeBytes(string? directory)
    {
        var place = store.LfsRoot ?? directory ?? store.Root;
        try
        {
            return new DriveInfo(place).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or ArgumentException or UnauthorizedAccessException)
        {
            // Not known; the write will tell.
            return long.MaxValue;
        }
    }
}
