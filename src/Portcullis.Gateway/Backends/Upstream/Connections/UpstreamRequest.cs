using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Backends.Upstream.Connections;

/// <summary>What is asked of an upstream.</summary>
/// <param name="Repository">Of which repository.</param>
/// <param name="Service">Which service.</param>
/// <param name="Protocol">In which protocol version.</param>
internal sealed record UpstreamRequest(UpstreamRepository Repository, GitService Service, GitProtocolVersion Protocol)
{
    /// <summary>The body; null for a discovery.</summary>
    public ForwardedBody? Body { get; init; }

    /// <summary>Whether the head goes first, so that a refused request does not carry a large body.</summary>
    public bool ExpectsContinue { get; init; }

    /// <summary>What follows the repository's URL.</summary>
    public string Endpoint => Body is null ? "info/refs?service=" + Service.Name() : Service.Name();

    /// <summary>The media type of the answer.</summary>
    public string AnswerType => Body is null ? Service.AdvertisementContentType() : Service.ResultContentType();
}
