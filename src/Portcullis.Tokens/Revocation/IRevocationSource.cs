namespace Portcullis.Tokens.Revocation;

/// <summary>A list of revocations that can be told to others: what stands in it, and when it changes.</summary>
public interface IRevocationSource
{
    /// <summary>Another number after each thing that is taken back, once it stands in <see cref="Entries"/>.</summary>
    long Revision { get; }

    /// <summary>The entries that are in force.</summary>
    IReadOnlyCollection<RevocationEntry> Entries { get; }

    /// <summary>Completes when <see cref="Revision"/> is another number than <paramref name="revision"/>, at once if it already is.</summary>
    Task WhenChangedAsync(long revision, CancellationToken cancellationToken);
}
