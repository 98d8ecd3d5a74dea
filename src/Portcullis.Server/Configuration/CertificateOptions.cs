using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>A certificate with its private key.</summary>
internal sealed record CertificateOptions
{
    /// <summary>The certificate and its chain, in PEM.</summary>
    [FilePath(MustExist = true)]
    public required string Path { get; init; }

    /// <summary>The private key, in PEM, when it is in a file of its own.</summary>
    [FilePath(MustExist = true)]
    public string? KeyPath { get; init; }
}
