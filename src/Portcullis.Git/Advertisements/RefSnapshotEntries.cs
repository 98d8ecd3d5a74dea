using System.Collections;

namespace Portcullis.Git.Advertisements;

/// <summary>A run of the refs of a snapshot, in their order.</summary>
public readonly struct RefSnapshotEntries : IReadOnlyList<RefSnapshotEntry>
{
    private readonly RefSnapshot _snapshot;
    private readonly int _start;

    internal RefSnapshotEntries(RefSnapshot snapshot, int start, int end)
    {
        _snapshot = snapshot;
        _start = start;
        Length = end - start;
    }

    /// <summary>How many refs there are.</summary>
    public int Length { get; }

    /// <summary>Whether there are none.</summary>
    public bool IsEmpty => Length == 0;

    /// <inheritdoc/>
    int IReadOnlyCollection<RefSnapshotEntry>.Count => Length;

    /// <summary>Gets a ref.</summary>
    /// <param name="index">From 0.</param>
    /// <returns>The ref.</returns>
    public RefSnapshotEntry this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Length);
            return new(_snapshot, _start + index);
        }
    }

    /// <summary>Goes through the refs without allocating.</summary>
    /// <returns>The enumerator.</returns>
    public Enumerator GetEnumerator() => new(this);

    IEnumerator<RefSnapshotEntry> IEnumerable<RefSnapshotEntry>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Goes through the refs of a run.</summary>
    public struct Enumerator : IEnumerator<RefSnapshotEntry>
    {
        private readonly RefSnapshotEntries _entries;
        private int _index = -1;

        internal Enumerator(RefSnapshotEntries entries) => _entries = entries;

        /// <inheritdoc/>
        public readonly RefSnapshotEntry Current => _entries[_index];

        readonly object IEnumerator.Current => Current;

        /// <inheritdoc/>
        public bool MoveNext() => ++_index < _entries.Length;

        /// <inheritdoc/>
        public void Reset() => _index = -1;

        /// <inheritdoc/>
        public readonly void Dispose()
        {
        }
    }
}
