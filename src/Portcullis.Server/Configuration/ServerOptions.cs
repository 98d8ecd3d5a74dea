using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>Where the program listens and how it is reached.</summary>
internal sealed record ServerOptions
{
    /// <summary>Addresses to listen on: <c>http://</c> or <c>https://</c>, a host name, an IP address or <c>*</c>, and a port.</summary>
    public IReadOnlyList<string> Listen { get; init; } = ["http://127.0.0.1:7080"];

    /// <summary>The address that people and Git clients use, without a path. It is the issuer and the audience of the authority's tokens.</summary>
    [DefaultText("the first address of `listen`")]
    public string PublicUrl { get; set; } = "";

    /// <summary>What Git shows when it asks for a password: the realm of the Basic challenge.</summary>
    public string Realm { get; init; } = "Portcullis";

    /// <summary>The certificate for the <c>https://</c> addresses. It is read again when its file changes.</summary>
    public CertificateOptions? Certificate { get; init; }

    /// <summary>Whether clients are asked for a certificate, for tokens that are bound to one (RFC 8705).</summary>
    public bool RequestClientCertificate { get; init; }
}
