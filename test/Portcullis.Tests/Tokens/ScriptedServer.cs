using System.Net;
using System.Text;
using Portcullis.Tokens.Keys;

namespace Portcullis.Tests.Tokens;

/// <summary>An issuer's web server, without a network: answers from a table and counts.</summary>
internal sealed class ScriptedServer : HttpMessageHandler
{
    private readonly List<(Uri Uri, string? Condition)> _requests = [];

    /// <summary>What is answered, by path; everything else is 404.</summary>
    public Dictionary<string, Func<HttpRequestMessage, HttpResponseMessage>> Pages { get; } = [];

    /// <summary>When set, answers wait for it.</summary>
    public TaskCompletionSource? Gate { get; set; }

    public bool IsAway { get; set; }

    public IReadOnlyList<(Uri Uri, string? Condition)> Requests
    {
        get
        {
            lock (_requests)
            {
                return [.. _requests];
            }
        }
    }

    public static string Jwks(params SigningKey[] keys) => $$"""{"keys":[{{string.Join(',', keys.Select(k => k.ToJwk()))}}]}""";

    public static HttpResponseMessage Ok(string body, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach ((string name, string value) in headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        lock (_requests)
        {
            _requests.Add((request.RequestUri!, request.Headers.IfNoneMatch.FirstOrDefault()?.Tag));
        }

        if (Gate is not null)
        {
            await Gate.Task.WaitAsync(cancellationToken);
        }

        if (IsAway)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError);
        }

        HttpResponseMessage response = Pages.TryGetValue(request.RequestUri!.AbsolutePath, out Func<HttpRequestMessage, HttpResponseMessage>? page) ? page(request) : new HttpResponseMessage(HttpStatusCode.NotFound);
        response.RequestMessage = request;
        return response;
    }
}
