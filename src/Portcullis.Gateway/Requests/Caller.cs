namespace Portcullis.Gateway.Requests;

/// <summary>Who asks, as the token says: identities alone, never the token.</summary>
internal sealed record Caller
{
    /// <summary>The token's subject.</summary>
    public required string Subject { get; init; }

    /// <summary>The token's issuer.</summary>
    public required string Issuer { get; init; }

    /// <summary>The id of the token.</summary>
    public required string TokenId { get; init; }

    /// <summary>The id of the key that signed the token.</summary>
    public string? KeyId { get; init; }

    /// <summary>The OAuth client.</summary>
    public string? ClientId { get; init; }

    /// <summary>The login.</summary>
    public string? SessionId { get; init; }

    /// <summary>Who acts for the subject (RFC 8693 §4.1), the nearest first.</summary>
    public IReadOnlyList<string> Actors { get; init; } = [];

    /// <summary>The caller in a sentence: the subject, and who acts for it.</summary>
    public string DisplayName => Actors.Count == 0 ? Subject : $"{Actors[0]} (for {Subject})";
}
