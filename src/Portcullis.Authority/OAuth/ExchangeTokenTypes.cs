namespace Portcullis.Authority.OAuth;

/// <summary>RFC 8693 §3's name for any JWT: what workloads bring.</summary>
internal static class ExchangeTokenTypes
{
    public const string Jwt = "urn:ietf:params:oauth:token-type:jwt";
}
