using System.Text;
using Portcullis.EndToEnd.Harness;

namespace Portcullis.EndToEnd.Attacks;

/// <summary>
/// Bytes that no honest client sends. Each is refused in a bounded time with a clear status, changes nothing, and tells nothing about what exists.
/// </summary>
public abstract class RawRequests(HostSite host)
{
    /// <summary>A token that opens everything, so that only the parser stands in the way.</summary>
    protected const string Everything = "git:*:pull,push,force,delete";

    protected HostSite Host => host;

    protected static byte[] EmptyPack { get; } =
        [0x50, 0x41, 0x43, 0x4b, 0, 0, 0, 2, 0, 0, 0, 0, .. Convert.FromHexString("029d08823bd8a8eab510ad6ac75c823cfd3ed31e")];

    protected static string Line(string text) => $"{Encoding.UTF8.GetByteCount(text) + 4:x4}{text}";

    protected static string Command(string command) => Line(command + "\0report-status object-format=sha1");

    protected Task<RawResponse?> SendAsync(string requestLine, IEnumerable<string> headers, byte[]? body = null) => RawHttp.SendAsync(host.Server.Uri, requestLine, headers, body);

    protected async Task<RawResponse> DiscoverAsync(string repository, string service)
        => (await SendAsync($"GET /{repository}.git/info/refs?service={service} HTTP/1.1", [$"Authorization: Bearer {await host.TokenAsync("mallory", Everything)}"]))!;

    protected async Task<RawResponse> PushAsync(string repository, string commands, byte[] pack)
        => (await SendAsync(
            $"POST /{repository}.git/git-receive-pack HTTP/1.1",
            [$"Authorization: Bearer {await host.TokenAsync("mallory", Everything)}", "Content-Type: application/x-git-receive-pack-request"],
            [.. Encoding.UTF8.GetBytes(commands), .. pack]))!;
}
