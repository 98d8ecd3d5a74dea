using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>What an upstream's proxy is shown, by HTTP's Basic scheme.</summary>
internal sealed record ProxyCredentialOptions
{
    /// <summary>The user name.</summary>
    public required string UserName { get; init; }

    /// <summary>A file with the password alone. It is read for each request, so that a new one counts at once.</summary>
    [FilePath(MustExist = true)]
    public string? SecretFile { get; init; }

    /// <summary>The name of an environment variable with the password, instead of a file.</summary>
    public string? SecretVariable { get; init; }
}
