using System.Globalization;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace Portcullis.Authority.Clients;

/// <summary>Our <see cref="ClientInfo"/> to OpenIddict's description of a client, and back.</summary>
internal static class ClientDescriptor
{
    private const string CeilingProperty = "portcullis:ceiling";
    private const string AlgorithmProperty = "portcullis:signing_algorithm";

    private static readonly Dictionary<ClientGrant, string> s_grants = new()
    {
        [ClientGrant.AuthorizationCode] = Permissions.GrantTypes.AuthorizationCode,
        [ClientGrant.DeviceCode] = Permissions.GrantTypes.DeviceCode,
        [ClientGrant.ClientCredentials] = Permissions.GrantTypes.ClientCredentials,
        [ClientGrant.TokenExchange] = Permissions.GrantTypes.TokenExchange,
    };

    public static OpenIddictApplicationDescriptor Of(ClientInfo client, string? secret)
    {
        var descriptor = new OpenIddictApplicationDescriptor
        {
            ClientId = client.Id,
            ClientSecret = secret,
            ClientType = client.IsConfidential ? ClientTypes.Confidential : ClientTypes.Public,
            ConsentType = client.IsTrusted ? ConsentTypes.Implicit : ConsentTypes.Explicit,
            DisplayName = client.DisplayName,

            // "native" is what makes OpenIddict accept any port on a loopback redirect (RFC 8252 §7.3), and only there.
            ApplicationType = client.RedirectUris.Any(address => Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) && uri.IsLoopback)
                ? ApplicationTypes.Native
                : ApplicationTypes.Web,
            JsonWebKeySet = client.Jwks is null ? null : new JsonWebKeySet(client.Jwks),
        };
        descriptor.Permissions.UnionWith(client.Grants.Select(grant => s_grants[grant]));
        descriptor.Permissions.UnionWith([Permissions.Endpoints.Token, Permissions.Endpoints.Revocation, Permissions.Endpoints.Introspection]);
        if (client.Grants.Contains(ClientGrant.AuthorizationCode))
        {
            descriptor.Permissions.UnionWith([Permissions.Endpoints.Authorization, Permissions.ResponseTypes.Code, Permissions.GrantTypes.RefreshToken]);
        }

        if (client.Grants.Contains(ClientGrant.DeviceCode))
        {
            descriptor.Permissions.UnionWith([Permissions.Endpoints.DeviceAuthorization, Permissions.GrantTypes.RefreshToken]);
        }

        descriptor.RedirectUris.UnionWith(client.RedirectUris.Select(address => new Uri(address, UriKind.Absolute)));
        descriptor.Requirements.Add(Requirements.Features.ProofKeyForCodeExchange);
        if (client.AccessTokenLifetime is { } lifetime)
        {
            descriptor.Settings[Settings.TokenLifetimes.AccessToken] = lifetime.ToString("c", CultureInfo.InvariantCulture);
        }

        if (client.Ceiling is { } ceiling)
        {
            descriptor.Properties[CeilingProperty] = JsonSerializer.SerializeToElement(ceiling);
        }

        if (client.SigningAlgorithm is { } algorithm)
        {
            descriptor.Properties[AlgorithmProperty] = JsonSerializer.SerializeToElement(algorithm);
        }

        return descriptor;
    }

    public static async Task<ClientInfo> ReadAsync(IOpenIddictApplicationManager manager, object application, CancellationToken cancellationToken)
    {
        var descriptor = new OpenIddictApplicationDescriptor();
        await manager.PopulateAsync(descriptor, application, cancellationToken);
        return new ClientInfo
        {
            Id = descriptor.ClientId!,
            DisplayName = descriptor.DisplayName,
            Grants = [.. s_grants.Where(grant => descriptor.Permissions.Contains(grant.Value)).Select(grant => grant.Key)],
            RedirectUris = [.. descriptor.RedirectUris.Select(uri => uri.OriginalString)],
            Ceiling = descriptor.Properties.TryGetValue(CeilingProperty, out JsonElement ceiling) ? ceiling.Deserialize<string[]>() : null,
            AccessTokenLifetime = descriptor.Settings.TryGetValue(Settings.TokenLifetimes.AccessToken, out var text)
                ? TimeSpan.Parse(text, CultureInfo.InvariantCulture)
                : null,
            SigningAlgorithm = descriptor.Properties.TryGetValue(AlgorithmProperty, out JsonElement algorithm) ? algorithm.GetString() : null,
            Jwks = descriptor.JsonWebKeySet is { } keys ? JsonSerializer.Serialize(new { keys = keys.Keys.Select(Public) }) : null,
            IsConfidential = descriptor.ClientType == ClientTypes.Confidential,
            IsTrusted = descriptor.ConsentType == ConsentTypes.Implicit,
        };
    }

    private static Dictionary<string, string> Public(JsonWebKey key)
    {
        var members = new Dictionary<string, string?>
        {
            ["kty"] = key.Kty, ["kid"] = key.Kid, ["alg"] = key.Alg, ["use"] = key.Use, ["crv"] = key.Crv, ["x"] = key.X, ["y"] = key.Y, ["n"] = key.N, ["e"] = key.E,
        };
        return members.Where(member => member.Value is not null).ToDictionary(member => member.Key, member => member.Value!);
    }
}
