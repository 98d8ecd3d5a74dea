using System.Net;
using System.Text.Json;

namespace Portcullis.CredentialHelper.Authority;

/// <summary>Speaks to the authority as the public client <c>git-credential-portcullis</c>.</summary>
internal sealed class AuthorityClient : IDisposable
{
    public const string ClientId = "git-credential-portcullis";
    private const int MaxAnswerBytes = 256 * 1024;

    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = MaxAnswerBytes };
    private readonly TimeProvider _time;

    private AuthorityClient(TimeProvider time) => _time = time;

    public AuthorityMetadata Metadata { get; private set; } = null!;

    /// <summary>Finds the authority's endpoints.</summary>
    /// <exception cref="AuthorityException">They can't be had.</exception>
    public static async Task<AuthorityClient> ConnectAsync(string authority, TimeProvider time)
    {
        var client = new AuthorityClient(time);
        try
        {
            using var answer = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, authority + "/.well-known/oauth-authorization-server"));
            client.Metadata = answer.StatusCode == HttpStatusCode.OK
                ? AuthorityMetadata.Read(await JsonAsync(answer), authority)
                : throw new AuthorityException(null, $"{authority} is no authority ({(int)answer.StatusCode}). If people sign in elsewhere, set credential.{authority}.portcullisAuthority to that address.");
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Asks the token endpoint.</summary>
    /// <exception cref="AuthorityException">It refuses.</exception>
    public async Task<IssuedTokens> TokenAsync(params IReadOnlyList<(string Name, string? Value)> form)
    {
        var now = _time.GetUtcNow();
        var answer = await PostAsync(Metadata.TokenEndpoint, form);
        return Text(answer, "access_token") is { Length: > 0 } token && string.Equals(Text(answer, "token_type"), "Bearer", StringComparison.OrdinalIgnoreCase)
            ? new IssuedTokens(token, now.AddSeconds(Number(answer, "expires_in") ?? 0), Text(answer, "refresh_token"))
            : throw new AuthorityException(null, "The authority's answer holds no token.");
    }

    /// <summary>Posts a form with the client's id. Gives the answer.</summary>
    /// <exception cref="AuthorityException">It is refused.</exception>
    public async Task<JsonElement> PostAsync(string url, params IReadOnlyList<(string Name, string? Value)> form)
    {
        var fields = form.Append(("client_id", ClientId)).Where(field => field.Item2 is not null).Select(field => KeyValuePair.Create(field.Item1, field.Item2!));
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Post, url) { Content = new FormUrlEncodedContent(fields) });
        var json = answer.Content.Headers.ContentLength == 0 ? default : await JsonAsync(answer);
        return answer.IsSuccessStatusCode
            ? json
            : throw new AuthorityException(Text(json, "error"), Printable(Text(json, "error_description") ?? Text(json, "error") ?? $"The authority answers {(int)answer.StatusCode}."));
    }

    public static string? Text(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public static int? Number(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number > 0 ? number : null;

    /// <summary>What the authority says, as it may go to a terminal.</summary>
    public static string Printable(string text) => new([.. text.Take(500).Select(c => char.IsControl(c) ? ' ' : c)]);

    public void Dispose() => _http.Dispose();

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            try
            {
                request.Headers.Accept.ParseAdd("application/json");
                return await _http.SendAsync(request);
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                throw new AuthorityException(null, $"{request.RequestUri!.GetLeftPart(UriPartial.Authority)} can't be reached: {exception.Message}");
            }
        }
    }

    private static async Task<JsonElement> JsonAsync(HttpResponseMessage answer)
    {
        try
        {
            using var document = JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync());
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
