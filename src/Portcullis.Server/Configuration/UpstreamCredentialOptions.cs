using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>What an upstream is shown.</summary>
internal sealed record UpstreamCredentialOptions
{
    /// <summary><c>basic</c>: user name and password. <c>bearer</c>: a token.</summary>
    public UpstreamCredentialKind Kind { get; init; }

    /// <summary>The user name of <c>basic</c>.</summary>
    public string UserName { get; init; } = "";

    /// <summary>A file with the password or token alone. It is read again when it changes.</summary>
    [FilePath(MustExist = true)]
    public string? SecretFile { get; init; }

    /// <summary>The name of an environment variable with the password or token, instead of a file.</summary>
    public string? SecretVariable { get; init; }
}

/// <summary>How an upstream is shown who asks.</summary>
internal enum UpstreamCredentialKind
{
    /// <summary>HTTP's Basic scheme.</summary>
    Basic,

    /// <summary>A bearer token.</summary>
    Bearer,
}
