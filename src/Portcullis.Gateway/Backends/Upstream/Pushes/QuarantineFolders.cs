namespace Portcullis.Gateway.Backends.Upstream.Pushes;

/// <summary>Where packs wait that must be looked at before they are handed on. What an earlier run left there is taken away.</summary>
internal sealed class QuarantineFolders
{
    private readonly string root;

    /// <summary>Makes the place, empty.</summary>
    public QuarantineFolders(string root)
    {
        this.root = root;
        if (Directory.Exists(root))
        {
            Directory.Delete(root, recursive: true);
        }
    }

    /// <summary>A new folder.</summary>
    public string Make() => Directory.CreateDirectory(Path.Combine(root, Guid.NewGuid().ToString("N"))).FullName;
}
