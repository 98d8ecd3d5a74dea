using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Portcullis.Gateway.Requests;
using Portcullis.Git.PktLines;
using Portcullis.Git.ReceivePack;
using Portcullis.Git.SmartHttp;

namespace Portcullis.Gateway.Refusals;

/// <summary>The one place that gives a refusal its shape: an HTTP status with a text, an <c>ERR</c> line, or a report with <c>ng</c>.</summary>
internal static class RefusalWriter
{
    /// <summary>Writes a refusal as the whole answer; whoever calls sends it.</summary>
    /// <param name="refusal">The refusal.</param>
    /// <param name="context">The request that it answers.</param>
    /// <param name="response">The answer.</param>
    /// <param name="requestId">The request's id, which the Git LFS API shows.</param>
    public static void Write(Refusal refusal, HttpContext context, GitResponse response, string requestId)
    {
        switch (refusal.Reason)
        {
            case RefusalReason.RefsNotAllowed or RefusalReason.TooLarge when refusal.Push is { } push:
                response.Start(GitService.ReceivePack.ResultContentType());
                WriteReport(refusal, push, response);
                break;
            case RefusalReason.ObjectNotFound:
            case var _ when refusal.IsErrorLine:
                // Inside the protocol, and not as a status: Git shows the text of an ERR line to the user.
                response.Start(GitService.UploadPack.ResultContentType());
                response.WriteError(refusal.Text);
                break;
            default:
                WriteStatus(refusal, context.Response, response, requestId);
                break;
        }
    }

    /// <summary>Writes the report of a refused push: <c>ng</c> for each ref, and the whole text on the progress channel where there is one.</summary>
    public static void WriteReport(Refusal refusal, ReceivePackRequest push, GitResponse response)
    {
        var report = new ReportStatus(
            ReportStatus.Unpacked,
            [.. refusal.References.Select(reference => RefStatus.Rejected(reference.Command.RawName, reference.ShortReason))]);
        if (push.Capabilities.Contains("side-band-64k"))
        {
            response.WriteSideband(SidebandChannel.Progress, refusal.Text + "\n");
        }

        report.WriteTo(response, push.Capabilities);
    }

    /// <summary>Says when to come again, where the refusal says it.</summary>
    public static void WriteRetryAfter(Refusal refusal, HttpResponse http)
    {
        if (refusal.RetryAfter is { } retryAfter)
        {
            http.Headers.RetryAfter = Math.Max(1, (int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        }
    }

    private static void WriteStatus(Refusal refusal, HttpResponse http, GitResponse response, string requestId)
    {
        var text = refusal.IsLfs ? LfsErrorJson.Of(refusal, requestId) : Encoding.UTF8.GetBytes(refusal.Text + "\n");
        response.Hold(RefusalStatus.Of(refusal.Reason), refusal.IsLfs ? LfsErrorJson.ContentType : "text/plain; charset=utf-8", text);
        http.Headers.CacheControl = "no-store";
        http.Headers.XContentTypeOptions = "nosniff";
        if (refusal.Challenge is { } challenge)
        {
            // JGit over Apache's client (Debian's jgit) keeps the last line alone of several with one name, and would find no Basic: for it
            // they are one line, which means the same (RFC 9110 §5.3).
            var values = challenge.ToHeaderValues();
            var isJGit = http.HttpContext.Request.Headers.UserAgent.ToString().StartsWith("JGit/", StringComparison.Ordinal);
            http.Headers.WWWAuthenticate = isJGit ? string.Join(", ", values) : values;
            if (refusal.IsLfs)
            {
                // docs/api/batch.md: what git-lfs looks at before WWW-Authenticate.
                http.Headers["LFS-Authenticate"] = values[0];
            }
        }

        if (refusal.ObjectLength is { } objectLength)
        {
            http.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes */{objectLength}");
        }

        WriteRetryAfter(refusal, http);

        if (refusal.Allow is { } allow)
        {
            http.Headers.Allow = allow;
        }
    }
}
