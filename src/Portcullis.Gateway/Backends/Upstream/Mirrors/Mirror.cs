namespace Portcullis.Gateway.Backends.Upstream.Mirrors;

/// <summary>A mirror while somebody looks into it: until it is disposed it stays.</summary>
internal sealed class Mirror(string directory, Action released) : IDisposable
{
    private Action? released = released;

    /// <summary>A bare repository, without refs.</summary>
    public string Directory => directory;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref released, null)?.Invoke();
}
