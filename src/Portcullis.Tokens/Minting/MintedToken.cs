using System.Diagnostics.CodeAnalysis;

namespace Portcullis.Tokens.Minting;

/// <summary>A new token, or why there is none.</summary>
public sealed record MintedToken
{
    /// <summary>The token; <see langword="null"/> when it would be too long.</summary>
    public string? Token { get; init; }

    /// <summary>What to narrow so that it fits, in a sentence or two; <see langword="null"/> beside a token.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether there is a token.</summary>
    [MemberNotNullWhen(true, nameof(Token))]
    [MemberNotNullWhen(false, nameof(Problem))]
    public bool IsMinted => Token is not null;

    /// <summary>Its <c>jti</c>.</summary>
    public required string TokenId { get; init; }

    /// <summary>Its <c>exp</c>.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How many characters it has, or would have.</summary>
    public required int Length { get; init; }

    /// <summary>The id alone: a token that is printed by accident is a token lost.</summary>
    public override string ToString() => $"token {TokenId}";
}
