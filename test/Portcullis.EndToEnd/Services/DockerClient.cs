using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Portcullis.EndToEnd.Services;

/// <summary>Speaks to a registry as docker does: asks, is told by the challenge where tokens come from and for what, gets one with the password, asks again.</summary>
internal sealed partial class DockerClient(Uri registry, string user, string password, bool usesForms = false) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <summary>The actions that the last token was given for, as the registry asked for them.</summary>
    public string? AskedScope { get; private set; }

    /// <summary>The last token that it was given.</summary>
    public string? LastToken { get; private set; }

    /// <summary>What <c>docker login</c> does. Whether it is let in.</summary>
    public async Task<bool> SignInAsync() => (await SendAsync(HttpMethod.Get, "/v2/")).StatusCode == HttpStatusCode.OK;

    /// <summary>Pushes an image of one layer; the status of the first request that fails, or of the last.</summary>
    public async Task<HttpStatusCode> PushAsync(string repository, string tag, byte[] layer)
    {
        var config = Encoding.UTF8.GetBytes("""{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}""");
        foreach (var blob in (byte[][])[layer, config])
        {
            var status = await PushBlobAsync(repository, blob);
            if (status != HttpStatusCode.Created)
            {
                return status;
            }
        }

        var manifest = JsonSerializer.SerializeToUtf8Bytes(new
        {
            schemaVersion = 2,
            mediaType = "application/vnd.docker.distribution.manifest.v2+json",
            config = new { mediaType = "application/vnd.docker.container.image.v1+json", size = config.Length, digest = Digest(config) },
            layers = new[] { new { mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip", size = layer.Length, digest = Digest(layer) } },
        });
        return (await SendAsync(HttpMethod.Put, $"/v2/{repository}/manifests/{tag}", manifest, "application/vnd.docker.distribution.manifest.v2+json")).StatusCode;
    }

    /// <summary>Pulls an image's layer; null where it may not.</summary>
    public async Task<byte[]?> PullAsync(string repository, string tag)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/v2/{repository}/manifests/{tag}");
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return null;
        }

        var digest = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("layers")[0].GetProperty("digest").GetString();
        using var blob = await SendAsync(HttpMethod.Get, $"/v2/{repository}/blobs/{digest}");
        return blob.StatusCode == HttpStatusCode.OK ? await blob.Content.ReadAsByteArrayAsync() : null;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, byte[]? body = null, string? contentType = null)
    {
        var response = await SendOnceAsync(method, target, body, contentType, null);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
        {
            return response;
        }

        var challenge = response.Headers.WwwAuthenticate.Single(value => value.Scheme == "Bearer");
        return await GetTokenAsync(challenge.Parameter!) is { } token ? await SendOnceAsync(method, target, body, contentType, token) : response;
    }

    /// <summary>Asks once, with this token.</summary>
    public async Task<HttpResponseMessage> SendOnceAsync(HttpMethod method, string target, byte[]? body, string? contentType, string? token)
    {
        using var request = new HttpRequestMessage(method, new Uri(registry, target));
        request.Headers.TryAddWithoutValidation("Accept", "application/vnd.docker.distribution.manifest.v2+json");
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = contentType is null ? null : new MediaTypeHeaderValue(contentType);
        }

        if (token is not null)
        {
            request.Headers.Authorization = new("Bearer", token);
        }

        return await _http.SendAsync(request);
    }

    public void Dispose() => _http.Dispose();

    public static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private async Task<HttpStatusCode> PushBlobAsync(string repository, byte[] blob)
    {
        using var started = await SendAsync(HttpMethod.Post, $"/v2/{repository}/blobs/uploads/", []);
        if (started.StatusCode != HttpStatusCode.Accepted)
        {
            return started.StatusCode;
        }

        var location = new Uri(registry, started.Headers.Location!);
        var separator = location.Query.Length == 0 ? '?' : '&';
        return (await SendAsync(HttpMethod.Put, $"{location.PathAndQuery}{separator}digest={Uri.EscapeDataString(Digest(blob))}", blob, "application/octet-stream")).StatusCode;
    }

    private async Task<string?> GetTokenAsync(string challenge)
    {
        var parameters = Parameter().Matches(challenge).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        AskedScope = parameters.GetValueOrDefault("scope");
        using var request = usesForms ? Form(parameters) : Query(parameters);
        using var response = await _http.SendAsync(request);
        return LastToken = response.StatusCode == HttpStatusCode.OK
            ? JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("access_token").GetString()
            : null;
    }

    private HttpRequestMessage Query(Dictionary<string, string> parameters)
    {
        var target = $"{parameters["realm"]}?account={user}&client_id=docker&offline_token=true&service={Uri.EscapeDataString(parameters["service"])}";
        foreach (var scope in (AskedScope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            target += $"&scope={Uri.EscapeDataString(scope)}";
        }

        return new HttpRequestMessage(HttpMethod.Get, target) { Headers = { Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"))) } };
    }

    private HttpRequestMessage Form(Dictionary<string, string> parameters) => new(HttpMethod.Post, parameters["realm"])
    {
        Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "password", ["service"] = parameters["service"], ["client_id"] = "docker", ["access_type"] = "offline",
            ["username"] = user, ["password"] = password, ["scope"] = AskedScope ?? "",
        }),
    };

    [GeneratedRegex("(\\w+)=\"([^\"]*)\"")]
    private static partial Regex Parameter();
}
