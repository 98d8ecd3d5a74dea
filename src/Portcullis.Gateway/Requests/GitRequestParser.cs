using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Portcullis.Gateway.Refusals;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Requests;

/// <summary>Step 1: what the HTTP request means. Strictly, once, from the request line as it was sent.</summary>
internal static class GitRequestParser
{
    /// <summary>Parses. Exactly one of the results is not null.</summary>
    public static (GitRequest? Request, Refusal? Refusal) Parse(HttpContext context, string id)
    {
        var http = context.Request;
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? string.Empty;
        var parsed = RouteParser.Parse(http.Method, target, http.ContentType);
        if (parsed.Route is not { } route)
        {
            return (null, RouteRefusals.For(parsed) with { IsLfs = parsed.IsLfs });
        }

        var protocolHeader = http.Headers["Git-Protocol"];
        if (protocolHeader.Count > 1 || !GitProtocolHeader.TryParse(protocolHeader.Count == 0 ? null : protocolHeader[0], out var protocol))
        {
            return (null, RefusalTexts.ProtocolError("its Git-Protocol header can't be read."));
        }

        var body = GitRequestBody.Empty();
        if (route.Operation is not (GitOperation.Discover or GitOperation.LfsDownload or GitOperation.LfsListLocks))
        {
            var encoding = http.Headers.ContentEncoding;
            var compressed = encoding.Count == 1 && encoding[0] is "gzip" or "x-gzip" && !route.Operation.IsLfs();
            if (encoding.Count > 1 || (encoding.Count == 1 && !compressed && encoding[0] is not ("identity" or "")))
            {
                return (null, RefusalTexts.Make(
                    RefusalReason.ContentTypeWrong,
                    route.Operation.IsLfs() ? "A body of Git LFS may not be compressed." : "A body may be compressed with gzip, and not otherwise.") with { IsLfs = route.Operation.IsLfs() });
            }

            body = GitRequestBody.Create(http.BodyReader, compressed, http.ContentLength);
        }

        return (new GitRequest
        {
            Id = id,
            Route = route,
            Protocol = protocol,
            Body = body,
            ContentLength = http.ContentLength,
            Range = route.Operation == GitOperation.LfsDownload && http.Headers.Range is [var range] ? ByteRange.Parse(range) : null,
            RemoteAddress = context.Connection.RemoteIpAddress,
            UserAgent = http.Headers.UserAgent.ToString() is { Length: > 0 } agent ? agent : null,
        }, null);
    }
}
