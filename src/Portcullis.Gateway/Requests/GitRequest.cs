using System.Net;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Requests;

/// <summary>
/// Step 1's value: all that the HTTP request means. After this nobody reads the HTTP request again, so that no two
/// places can understand it differently.
/// </summary>
internal sealed record GitRequest
{
    /// <summary>The request's own id, which the audit record and the refusal name.</summary>
    public required string Id { get; init; }

    /// <summary>Repository, service and operation.</summary>
    public required GitRoute Route { get; init; }

    /// <summary>The protocol version that the client asked for.</summary>
    public required GitProtocolVersion Protocol { get; init; }

    /// <summary>The body, inflated and counted; empty for a discovery.</summary>
    public required GitRequestBody Body { get; init; }

    /// <summary>The length that the body announces; null where it announces none.</summary>
    public long? ContentLength { get; init; }

    /// <summary>The part of an object that a Git LFS download asks for; null for all of it.</summary>
    public ByteRange? Range { get; init; }

    /// <summary>The peer's address.</summary>
    public required IPAddress? RemoteAddress { get; init; }

    /// <summary>The peer's <c>User-Agent</c>.</summary>
    public required string? UserAgent { get; init; }
}
