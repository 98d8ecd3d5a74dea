using Portcullis.Audit.Files;

namespace Portcullis.Tests.Audit;

/// <summary>A disk that has only so much space, and fails when told to.</summary>
internal sealed class FaultyStorage : ILogStorage
{
    private readonly Lock _lock = new();

    /// <summary>Space that nobody has taken or reserved.</summary>
    public long Free { get; set; } = long.MaxValue / 2;

    /// <summary>Write so many bytes of the next write, then fail; null: work.</summary>
    public int? TornWrite { get; set; }

    public bool FailFlush { get; set; }

    public int Flushes { get; private set; }

    /// <summary>Flushes wait where it is not set.</summary>
    public ManualResetEventSlim Flushing { get; } = new(initialState: true);

    public ILogFile Open(string path, bool create) => new FaultyFile(this, DiskLogStorage.Instance.Open(path, create));

    private sealed class FaultyFile(FaultyStorage storage, ILogFile file) : ILogFile
    {
        private long _owned = file.Length;

        public long Length => file.Length;

        public bool IsInPlace => file.IsInPlace;

        public void Reserve(long offset, long length) => Take(offset + length);

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            if (storage.TornWrite is { } kept)
            {
                storage.TornWrite = null;
                file.Write(offset, bytes[..Math.Min(kept, bytes.Length)]);
                throw new IOException("Input/output error");
            }

            Take(offset + bytes.Length);
            file.Write(offset, bytes);
        }

        public void Flush()
        {
            storage.Flushes++;
            storage.Flushing.Wait();
            if (storage.FailFlush)
            {
                throw new IOException("Input/output error");
            }

            file.Flush();
        }

        public void SetLength(long length)
        {
            file.SetLength(length);
            lock (storage._lock)
            {
                storage.Free += _owned - length;
                _owned = length;
            }
        }

        public void Dispose() => file.Dispose();

        private void Take(long end)
        {
            lock (storage._lock)
            {
                var more = end - _owned;
                if (more > storage.Free)
                {
                    throw new IOException("No space left on device", 28);
                }

                if (more > 0)
                {
                    storage.Free -= more;
                    _owned = end;
                }
            }
        }
    }
}
