using System.Collections.Concurrent;

namespace Portcullis.Gateway.Backends.Host.Freshness;

/// <summary>The files that are held open, by their paths; a handful, however many repositories there are.</summary>
internal sealed class HeldFiles : IDisposable
{
    private const int MaxHeld = 32;

    private readonly ConcurrentDictionary<string, HeldFile> files = new(StringComparer.Ordinal);

    /// <summary>Holds a file; null where that would tell too little, or enough are held.</summary>
    /// <param name="path">Its path, absolute.</param>
    public HeldFile? TryHold(string path) =>
        files.TryGetValue(path, out var known) ? known
        : files.Count < MaxHeld && NativeFile.IsSupported && LocalFileSystem.TellsOfReplacement(path) ? files.GetOrAdd(path, static path => new(path))
        : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in files.Values)
        {
            file.Dispose();
        }
    }
}
