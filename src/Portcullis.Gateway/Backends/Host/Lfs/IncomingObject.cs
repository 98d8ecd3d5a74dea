using System.Security.Cryptography;
using Portcullis.Git.Lfs;

namespace Portcullis.Gateway.Backends.Host.Lfs;

/// <summary>
/// An object that is arriving: a file without a name of meaning, hashed as it is written. It gets its name when its content is what the name says, and is gone otherwise.
/// While it is written it is locked (flock(2)), so that whoever tidies up can tell it from what a crash left behind.
/// </summary>
internal sealed class IncomingObject : IDisposable
{
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly FileStream file;

    private IncomingObject(FileStream file) => this.file = file;

    /// <summary>How many bytes have arrived.</summary>
    public long Length { get; private set; }

    /// <summary>Begins one.</summary>
    public static IncomingObject Begin(LfsFolder folder)
    {
        folder.Make();
        NativeFolders.Make(folder.Incoming);
        return new IncomingObject(new FileStream(
            Path.Combine(folder.Incoming, Guid.NewGuid().ToString("N")), FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous));
    }

    /// <summary>Adds what has arrived.</summary>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        hash.AppendData(bytes.Span);
        await file.WriteAsync(bytes, cancellationToken);
        Length += bytes.Length;
    }

    /// <summary>Gives the object its name, if that is what it is. Afterwards it is on the disk.</summary>
    public bool TryStore(LfsFolder folder, LfsObjectId id)
    {
        if (LfsObjectId.OfHash(hash.GetHashAndReset()) != id)
        {
            return false;
        }

        file.Flush(flushToDisk: true);
        folder.Store(file.Name, id);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is there under this name once it has got its own.
        File.Delete(file.Name);
        file.Dispose();
        hash.Dispose();
    }
}
