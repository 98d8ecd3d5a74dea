using System.Buffers;
using System.Net.Http.Headers;
using System.Text;
using Portcullis.Git;
using Portcullis.Git.PktLines;
using Portcullis.Server.Commands;

namespace Portcullis.Server.Demo;

/// <summary>Brings the demo's history into its repository as anyone would: by a push with a token, which the audit log shows.</summary>
internal static class DemoPush
{
    /// <summary>Pushes the history to a repository that need not exist yet.</summary>
    /// <param name="url">The repository's URL.</param>
    /// <param name="token">A token with <c>push</c> and <c>init</c> for it.</param>
    /// <param name="cancellationToken">Ends the push.</param>
    public static async Task PushAsync(string url, string token, CancellationToken cancellationToken)
    {
        var (pack, main) = DemoHistory.Create();
        var body = new ArrayBufferWriter<byte>();
        body.WriteData(Encoding.ASCII.GetBytes($"{ObjectId.Zero(ObjectFormat.Sha1)} {main} refs/heads/main\0report-status object-format=sha1 agent=portcullis-demo"));
        body.WriteFlush();
        body.Write(pack);

        using var client = new HttpClient { Timeout = TimeSpan.FromMinutes(1) };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{url}/git-receive-pack") { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/x-git-receive-pack-request");
        using var response = await client.SendAsync(request, cancellationToken);
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode || !answer.Contains("ok refs/heads/main", StringComparison.Ordinal))
        {
            throw new CommandFailedException($"The demo's repository could not be filled: {(int)response.StatusCode} {CommandTerminal.Printable(answer)}");
        }
    }
}
