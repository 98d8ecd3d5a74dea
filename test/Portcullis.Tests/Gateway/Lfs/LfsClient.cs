using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Portcullis.Tests.Gateway.Live;

namespace Portcullis.Tests.Gateway.Lfs;

/// <summary>Speaks the Git LFS API as its documentation has it, one request at a time.</summary>
internal sealed class LfsClient(GatewayServer server, string? token, string repository = "acme/app") : IDisposable
{
    public const string Json = "application/vnd.git-lfs+json";

    private readonly HttpClient http = server.Client(token);

    public string Api => $"/{repository}.git/info/lfs";

    public static (string Oid, byte[] Content) Object(string content) => Object(Encoding.UTF8.GetBytes(content));

    public static (string Oid, byte[] Content) Object(byte[] content) => (Convert.ToHexStringLower(SHA256.HashData(content)), content);

    public static string Pointer(string oid, long size) => $"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n";

    public static StringContent Body(string json)
    {
        var content = new StringContent(json, Encoding.UTF8);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(Json + "; charset=utf-8");
        return content;
    }

    public Task<Answer> BatchAsync(string operation, string? reference, params (string Oid, long Size)[] objects) => PostAsync(
        "/objects/batch",
        JsonSerializer.Serialize(new
        {
            operation,
            transfers = new[] { "basic" },
            @ref = reference is null ? null : new { name = reference },
            objects = objects.Select(entry => new { oid = entry.Oid, size = entry.Size }),
            hash_algo = "sha256",
        }));

    public Task<Answer> PostAsync(string path, string json) => SendAsync(new HttpRequestMessage(HttpMethod.Post, Api + path) { Content = Body(json) });

    public Task<Answer> GetAsync(string path) => SendAsync(new HttpRequestMessage(HttpMethod.Get, Api + path));

    /// <summary>Asks for the way to an object and follows it.</summary>
    public async Task<Answer> UploadAsync(string? reference, (string Oid, byte[] Content) brought)
    {
        var batch = await BatchAsync("upload", reference, (brought.Oid, brought.Content.Length));
        return batch.Action("upload") is { } action ? await PutAsync(action, brought.Content) : batch;
    }

    public async Task<Answer> DownloadAsync(string oid, long size)
    {
        var batch = await BatchAsync("download", null, (oid, size));
        return batch.Action("download") is { } action ? await FollowAsync(HttpMethod.Get, action) : batch;
    }

    public Task<Answer> PutAsync(JsonElement action, byte[] content) => FollowAsync(HttpMethod.Put, action, new ByteArrayContent(content));

    public Task<Answer> FollowAsync(HttpMethod method, JsonElement action, HttpContent? content = null, string? path = null, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path ?? new Uri(action.GetProperty("href").GetString()!).PathAndQuery) { Content = content };
        foreach (var header in action.GetProperty("header").EnumerateObject())
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return SendAsync(request);
    }

    public async Task<Answer> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
            return new Answer(response, await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }
    }

    public void Dispose() => http.Dispose();
}

/// <summary>What came back.</summary>
internal sealed class Answer(HttpResponseMessage response, byte[] body)
{
    private readonly IReadOnlyDictionary<string, string> headers = response.Headers.Concat(response.Content.Headers)
        .ToDictionary(header => header.Key, header => string.Join('\n', header.Value), StringComparer.OrdinalIgnoreCase);

    public HttpStatusCode Status { get; } = response.StatusCode;

    public byte[] Bytes => body;

    public string Text => Encoding.UTF8.GetString(body);

    public JsonElement Json => JsonDocument.Parse(body).RootElement;

    public string Message => Json.GetProperty("message").GetString()!;

    public string? Header(string name) => headers.GetValueOrDefault(name);

    /// <summary>An action of the batch's only object; null where there is none.</summary>
    public JsonElement? Action(string name) => Status == HttpStatusCode.OK
        && Json.TryGetProperty("objects", out var objects)
        && objects[0].TryGetProperty("actions", out var actions)
        && actions.TryGetProperty(name, out var action)
            ? action
            : null;

    /// <summary>The error of the batch's only object.</summary>
    public int? ErrorCode => Json.GetProperty("objects")[0].TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : null;
}
