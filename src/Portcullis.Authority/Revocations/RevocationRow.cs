namespace Portcullis.Authority.Revocations;

/// <summary>One thing taken back, as every node reads it. Kept until no token that it concerns can be alive.</summary>
internal sealed class RevocationRow
{
    public long Id { get; set; }

    public RevocationKind Kind { get; set; }

    public required string Value { get; set; }

    /// <summary>Tokens issued after this moment are not meant: a person who is let in again is not locked out by the old entry.</summary>
    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
