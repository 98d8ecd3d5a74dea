namespace Portcullis.EndToEnd.Upstreams;

/// <summary>What git-http-backend is told of a request (RFC 3875).</summary>
public sealed record CgiRequest(string Method, string Path, string Query)
{
    public string? ContentType { get; init; }

    public long? ContentLength { get; init; }

    public string? ContentEncoding { get; init; }

    public string? GitProtocol { get; init; }
}

/// <summary>What it answers before its body.</summary>
public sealed record CgiHead(int Status, IReadOnlyList<(string Name, string Value)> Headers);
