namespace Portcullis.Authority.Clients;

/// <summary>A way to come to a token.</summary>
public enum ClientGrant
{
    /// <summary>A person signs in, in the browser (RFC 6749 §4.1 with RFC 7636); refresh tokens included.</summary>
    AuthorizationCode,

    /// <summary>A person signs in on another device (RFC 8628); refresh tokens included.</summary>
    DeviceCode,

    /// <summary>The client for itself (RFC 6749 §4.4).</summary>
    ClientCredentials,

    /// <summary>A token for another (RFC 8693).</summary>
    TokenExchange,
}
