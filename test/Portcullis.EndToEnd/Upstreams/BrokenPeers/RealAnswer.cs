using System.Text;

namespace Portcullis.EndToEnd.Upstreams.BrokenPeers;

/// <summary>What git-http-backend answers, whole, for a peer to send on or to spoil.</summary>
public sealed record RealAnswer(int Status, string Headers, byte[] Body)
{
    public static async Task<RealAnswer> OfAsync(GitHttpBackend backend, RawRequest request, bool knowsVersion2 = true)
    {
        RealAnswer? answer = null;
        using var body = new MemoryStream(request.Body);
        await backend.RunAsync(
            new CgiRequest(request.Method, request.Path, request.Query)
            {
                ContentType = request.Header("Content-Type"),
                ContentLength = request.Body.Length,
                ContentEncoding = request.Header("Content-Encoding"),
                GitProtocol = knowsVersion2 ? request.Header("Git-Protocol") : null,
            },
            body,
            async (head, output) =>
            {
                using var all = new MemoryStream();
                await output.CopyToAsync(all);
                var headers = new StringBuilder();
                foreach (var (name, value) in head.Headers)
                {
                    headers.Append($"{name}: {value}\r\n");
                }

                answer = new RealAnswer(head.Status, headers.ToString(), all.ToArray());
            });
        return answer!;
    }

    /// <summary>Sends it as it is.</summary>
    public Task SendAsync(RawExchange exchange, string moreHeaders = "") => exchange.AnswerAsync($"{Status} Whatever", Headers + moreHeaders, Body);
}
