using Portcullis.Gateway.Backends.Upstream.Credentials;
using Portcullis.Git.Names;

namespace Portcullis.Gateway.Backends.Upstream;

/// <summary>A Git server elsewhere, and which repositories it serves. Made by the program's one configuration binder.</summary>
public sealed record UpstreamDefinition
{
    /// <summary>Which repositories are served from there; the first definition that matches counts.</summary>
    public required RepositoryPattern Match { get; init; }

    /// <summary>Where it is: http or https, without query, fragment and user information.</summary>
    public required Uri Url { get; init; }

    /// <summary>Whether what stands before the last slash in front of the first wildcard of <see cref="Match"/> is no part of the path there. Default: true.</summary>
    public bool StripsPrefix { get; init; } = true;

    /// <summary>What follows the repository's path in its URL there; may be empty. Default: <c>.git</c>.</summary>
    public string Suffix { get; init; } = ".git";

    /// <summary>Absolute path of a PEM file with the authorities that alone vouch for the server's certificate; null for those of this machine.</summary>
    public string? CertificateAuthorityFile { get; init; }

    /// <summary>An HTTP proxy on the way; null for none. The proxy variables of the environment are not heeded.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>What the proxy is shown, in the clear; null for nothing.</summary>
    public BasicCredentialDefinition? ProxyCredential { get; init; }

    /// <summary>How many connections may be open at once. Default: 100.</summary>
    public int MaxConnections { get; init; } = 100;

    /// <summary>How long it may take to connect, TLS included. Default: 10 seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long the server may take to begin its answer once it has the request. Default: 2 minutes.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long nothing may move in either direction. Default: 1 minute.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What the server is shown; null for nothing.</summary>
    public UpstreamCredentialDefinition? Credential { get; init; }

    /// <summary>Whether its Git LFS objects are served. Default: true.</summary>
    public bool ServesLfs { get; init; } = true;

    /// <summary>The origins besides its own to which this server goes for Git LFS objects where it names them. Default: none.</summary>
    public IReadOnlyList<Uri> LfsStorage { get; init; } = [];

    /// <summary>Whether clients who see every ref fetch objects from this storage by themselves. Default: false.</summary>
    public bool SendsLfsDownloadsToStorage { get; init; }

    /// <summary>Whether its answers to fetches are kept, and sent again while its refs are the same. Default: false.</summary>
    public bool KeepsAnswers { get; init; }

    /// <summary>Whether push options are passed on. Default: false.</summary>
    public bool TakesPushOptions { get; init; }

    /// <summary>The definition's name in texts and logs: its pattern.</summary>
    public string Name => Match.ToString();
}
