namespace Portcullis.Authority.Clients;

/// <summary>An assertion that a client has shown: on whichever node it comes again, it is worth nothing. Kept until it has run out.</summary>
internal sealed class UsedAssertion
{
    /// <summary>A hash of the client and the assertion's <c>jti</c>: the client chooses both its length and its characters.</summary>
    public required string Hash { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
