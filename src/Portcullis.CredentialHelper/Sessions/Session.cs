using System.Text.Json.Serialization;

namespace Portcullis.CredentialHelper.Sessions;

/// <summary>One login at one authority, as it is kept between git's commands.</summary>
internal sealed record Session
{
    /// <summary>The authority.</summary>
    public required string Authority { get; init; }

    /// <summary>What tokens are asked for with, until the authority ends the login.</summary>
    public string? RefreshToken { get; init; }

    /// <summary>Tokens that are still good.</summary>
    public IReadOnlyList<HeldToken> Tokens { get; init; } = [];
}

/// <summary>A token that is still good.</summary>
/// <param name="Scope">What it was asked for with; empty: nothing in particular.</param>
/// <param name="Token">The token.</param>
/// <param name="ExpiresAt">When it ends.</param>
internal sealed record HeldToken(string Scope, string Token, DateTimeOffset ExpiresAt);

/// <summary>How a session is written, without reflection.</summary>
[JsonSourceGenerationOptions(WriteIndented = false)]
[JsonSerializable(typeof(Session))]
internal sealed partial class SessionJson : JsonSerializerContext;
