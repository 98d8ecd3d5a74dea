namespace Portcullis.Gateway.Backends;

/// <summary>A repository as its backend found it for one request. Whatever the backend keeps open for that is closed when the request ends.</summary>
internal class BackendRepository : IDisposable
{
    /// <summary>One that is somewhere else: nothing is open.</summary>
    public static BackendRepository Elsewhere { get; } = new();

    /// <summary>Closes what is open. May be called more than once.</summary>
    public virtual void Dispose()
    {
    }
}
