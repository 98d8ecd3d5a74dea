using System.Text.Json;
using Portcullis.Authority.Clients;

namespace Portcullis.Server.Administration;

/// <summary>A client as JSON shows it, in the API and in commands.</summary>
/// <param name="Id">The <c>client_id</c>.</param>
/// <param name="DisplayName">What the consent page calls it.</param>
/// <param name="Grants">How it may come to tokens: words of <see cref="GrantWords"/>.</param>
/// <param name="RedirectUris">Where people may be sent back to.</param>
/// <param name="Ceiling">What its tokens never exceed; null: as far as the policy goes.</param>
/// <param name="AccessTokenLifetime">Seconds that its tokens are valid; null: as the authority has it.</param>
/// <param name="SigningAlgorithm">What its tokens are signed with; null: as the authority has it.</param>
/// <param name="Jwks">The public keys with which it proves who it is.</param>
/// <param name="Confidential">Whether it proves who it is.</param>
/// <param name="Trusted">Whether people aren't asked about it.</param>
internal sealed record ClientView(
    string Id,
    string? DisplayName,
    IReadOnlyList<string> Grants,
    IReadOnlyList<string>? RedirectUris,
    IReadOnlyList<string>? Ceiling,
    int? AccessTokenLifetime,
    string? SigningAlgorithm,
    JsonElement? Jwks,
    bool Confidential,
    bool Trusted)
{
    /// <summary>How a client is shown.</summary>
    public static ClientView Of(ClientInfo client) => new(
        client.Id,
        client.DisplayName,
        [.. client.Grants.Select(GrantWords.Of)],
        client.RedirectUris,
        client.Ceiling,
        client.AccessTokenLifetime is { } lifetime ? (int)lifetime.TotalSeconds : null,
        client.SigningAlgorithm,
        client.Jwks is { } jwks ? JsonSerializer.Deserialize<JsonElement>(jwks) : null,
        client.IsConfidential,
        client.IsTrusted);
}
