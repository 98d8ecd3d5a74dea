using System.Buffers;
using Microsoft.AspNetCore.Connections;

namespace Portcullis.Server.Hosting;

/// <summary>
/// The buffers in which Kestrel reads and writes. Its own have 4 KiB, and it asks the system for no more at once than fits into one: a pack of
/// a gigabyte then costs a quarter of a million calls each way, and as many turns between threads.
/// </summary>
/// <remarks>A connection holds none while it waits for data. They come from the runtime's shared pool, which gives back what is not used.</remarks>
internal sealed class TransferBuffers : IMemoryPoolFactory<byte>
{
    private const int BufferBytes = 64 * 1024;

    /// <inheritdoc/>
    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => new Pool();

    private sealed class Pool : MemoryPool<byte>
    {
        // What asks for more gets an array of its own from the pipe.
        public override int MaxBufferSize => BufferBytes;

        public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BufferBytes);
            return Shared.Rent(BufferBytes);
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
