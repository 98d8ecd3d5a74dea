using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Server.Configuration;

/// <summary>A Git server elsewhere, and which repositories are served from there.</summary>
internal sealed record UpstreamOptions
{
    /// <summary>Which repositories: a path in which <c>*</c> stands for any run of characters. The first upstream that matches counts; what none matches is on this machine's disk.</summary>
    public required string Match { get; init; }

    /// <summary>Where it is.</summary>
    public required string Url { get; init; }

    /// <summary><c>strip</c>: what stands before the last slash in front of the first <c>*</c> of <c>match</c> is no part of the path there. <c>keep</c>: the path there is the path here.</summary>
    public UpstreamPrefix Prefix { get; init; }

    /// <summary>What follows a repository's path in its URL there; may be empty.</summary>
    public string Suffix { get; init; } = ".git";

    /// <summary>Whether its answers to fetches are kept, and sent again to whoever may have the same while its refs are the same; within <c>limits.packCacheBytes</c>.</summary>
    public bool Cache { get; init; }

    /// <summary>Git LFS objects of its repositories.</summary>
    public UpstreamLfsOptions Lfs { get; init; } = new();

    /// <summary>Whether push options (<c>git push -o</c>) are passed on. Servers do as they say, with what the credential may, whatever the caller's token allows: GitLab merges a request, Gitea makes a repository public.</summary>
    public bool PushOptions { get; init; }

    /// <summary>What it is shown, and never the caller's token.</summary>
    [DefaultText("nothing")]
    public UpstreamCredentialOptions? Credential { get; init; }

    /// <summary>A file with the authorities (PEM) that alone vouch for its certificate.</summary>
    [FilePath(MustExist = true)]
    [DefaultText("this machine's authorities")]
    public string? CertificateAuthority { get; init; }

    /// <summary>An HTTP proxy on the way, as <c>http://host:port</c>.</summary>
    public string? Proxy { get; init; }

    /// <summary>What the proxy is shown. It goes to the proxy in the clear.</summary>
    [DefaultText("nothing")]
    public ProxyCredentialOptions? ProxyCredential { get; init; }

    /// <summary>How many connections to it may be open at once.</summary>
    [Between("1", "10000")]
    public int MaxConnections { get; init; } = 100;

    /// <summary>How long it may take to connect.</summary>
    [Between("100ms", "5m")]
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long it may take to begin its answer once it has the request.</summary>
    [Between("100ms", "1h")]
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long it may let a transfer stand still.</summary>
    [Between("100ms", "1h")]
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What becomes of a pattern's prefix in the path at an upstream.</summary>
internal enum UpstreamPrefix
{
    /// <summary>It is left out.</summary>
    Strip,

    /// <summary>It stays.</summary>
    Keep,
}
