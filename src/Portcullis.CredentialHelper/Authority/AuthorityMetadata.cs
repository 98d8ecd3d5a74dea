using System.Text.Json;

namespace Portcullis.CredentialHelper.Authority;

/// <summary>Where an authority's endpoints are (RFC 8414). All of them are below its own address: what else a document says is not believed.</summary>
internal sealed record AuthorityMetadata(string Issuer, string AuthorizationEndpoint, string TokenEndpoint, string DeviceEndpoint, string RevocationEndpoint)
{
    /// <summary>Reads the document.</summary>
    /// <exception cref="AuthorityException">It is none, or another's.</exception>
    public static AuthorityMetadata Read(JsonElement document, string authority)
    {
        var issuer = Text("issuer");
        return issuer == authority
            ? new AuthorityMetadata(issuer, Endpoint("authorization_endpoint"), Endpoint("token_endpoint"), Endpoint("device_authorization_endpoint"), Endpoint("revocation_endpoint"))
            : throw new AuthorityException(null, $"{authority} calls itself something else in its metadata: use its own address, or set credential.{authority}.portcullisAuthority.");

        string Endpoint(string name) => Text(name) is var url && url.StartsWith(authority + "/", StringComparison.Ordinal)
            ? url : throw new AuthorityException(null, $"{authority} names no {name} of its own.");

        string Text(string name) => document.ValueKind == JsonValueKind.Object && document.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";
    }
}
