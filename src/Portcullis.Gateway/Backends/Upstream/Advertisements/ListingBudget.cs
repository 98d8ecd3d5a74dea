namespace Portcullis.Gateway.Backends.Upstream.Advertisements;

/// <summary>
/// How much memory lists of refs may take that are read from upstreams, all together: what one of them sends, or many callers ask for at once, must not take the
/// server's memory from everyone.
/// </summary>
internal sealed class ListingBudget(long maxBytes)
{
    private long held;

    /// <summary>The bytes that are held.</summary>
    public long HeldBytes => Volatile.Read(ref held);

    /// <summary>Begins to hold a list.</summary>
    public Share Begin() => new(this);

    /// <summary>What one list holds, until it is disposed.</summary>
    internal sealed class Share(ListingBudget budget) : IDisposable
    {
        private long bytes;

        /// <summary>Takes what a list needs that has become longer.</summary>
        /// <param name="length">Its length by now.</param>
        /// <exception cref="UpstreamException">There is no room for it.</exception>
        public void Take(long length)
        {
            var more = length - bytes;
            if (Interlocked.Add(ref budget.held, more) > budget.MaxBytes)
            {
                Interlocked.Add(ref budget.held, -more);
                throw new UpstreamException(UpstreamFailure.NoRoom, $"Lists of refs take {budget.HeldBytes} bytes already, and another is longer than {bytes}.");
            }

            bytes = length;
        }

        /// <inheritdoc/>
        public void Dispose() => Interlocked.Add(ref budget.held, -Interlocked.Exchange(ref bytes, 0));
    }

    private long MaxBytes => maxBytes;
}
