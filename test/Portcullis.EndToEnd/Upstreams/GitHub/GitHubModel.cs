using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Portcullis.EndToEnd.Upstreams.GitHub;

/// <summary>A request to GitHub's REST API: what of it the documentation speaks of.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">The path, with its query if it has one.</param>
/// <param name="Header">Gives a header's value by its name, or null.</param>
/// <param name="Body">The body.</param>
public sealed record GitHubRequest(string Method, string Path, Func<string, string?> Header, byte[] Body);

/// <summary>Its answer.</summary>
public sealed record GitHubReply(HttpStatusCode Status, JsonObject Body, IReadOnlyList<(string Name, string Value)> Headers);

/// <summary>
/// GitHub, as far as an App meets it: what its REST documentation says of "Apps", of the JWT of an App and of the requests' headers, and which token opens which
/// repository over Git. Whatever a client does otherwise than documented is kept in <see cref="Departures"/>, even where GitHub itself would bear it.
/// </summary>
public sealed class GitHubModel : IDisposable
{
    public const string ClientId = "Iv23liPortcullisTest";
    public const string AppId = "424242";

    private static readonly string[] s_supportedVersions = ["2022-11-28", "2026-03-10"];

    // Made once: it takes a while.
    private static readonly Lazy<string> s_pem = new(() =>
    {
        using var key = RSA.Create(2048);
        return key.ExportRSAPrivateKeyPem();
    });

    private readonly Lock _gate = new();
    private readonly RSA _key = RSA.Create();
    private readonly Dictionary<long, GitHubInstallation> _installations = [];
    private readonly Dictionary<string, GitHubToken> _tokens = [];
    private readonly List<string> _departures = [];
    private readonly List<string> _requests = [];
    private readonly TimeProvider _time;

    public GitHubModel(TimeProvider time)
    {
        _time = time;
        _key.ImportFromPem(s_pem.Value);
    }

    /// <summary>The App's private key, in the form in which GitHub gives it for download (PKCS#1).</summary>
    public string PrivateKeyPem => s_pem.Value;

    /// <summary>What departed from the documentation.</summary>
    public IReadOnlyList<string> Departures { get { lock (_gate) { return [.. _departures]; } } }

    /// <summary>The requests so far, as "GET /path".</summary>
    public IReadOnlyList<string> Requests { get { lock (_gate) { return [.. _requests]; } } }

    /// <summary>Every token that was ever given.</summary>
    public IReadOnlyList<GitHubToken> Tokens { get { lock (_gate) { return [.. _tokens.Values]; } } }

    /// <summary>How long tokens live: GitHub's do an hour.</summary>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromHours(1);

    /// <summary>When set, answers everything instead.</summary>
    public Func<GitHubRequest, GitHubReply?>? Instead { get; set; }

    /// <summary>Installs the App in an account.</summary>
    /// <param name="id">The installation's number.</param>
    /// <param name="owner">The account.</param>
    /// <param name="contents">What it is given on contents: read or write.</param>
    /// <param name="repositories">Names of the account's repositories that the App was given.</param>
    public void Install(long id, string owner, string contents, params string[] repositories)
    {
        lock (_gate)
        {
            _installations[id] = new GitHubInstallation(id, owner, contents, [.. repositories]);
        }
    }

    /// <summary>Ends all tokens, as "revoke" or a change of the installation does.</summary>
    public void RevokeAllTokens()
    {
        lock (_gate)
        {
            foreach (var token in _tokens.Values)
            {
                token.IsRevoked = true;
            }
        }
    }

    /// <summary>Answers a request to the REST API.</summary>
    public GitHubReply Handle(GitHubRequest request)
    {
        lock (_gate)
        {
            _requests.Add($"{request.Method} {request.Path}");
            return Instead?.Invoke(request) ?? CheckHeaders(request) ?? CheckAssertion(request) ?? Route(request);
        }
    }

    /// <summary>What Git over HTTP answers to an Authorization value: 200, 401 (who are you), 403 (you may only read), 404 (no such repository, as far as you know).</summary>
    public HttpStatusCode Admit(string? authorization, string repository, bool writes)
    {
        lock (_gate)
        {
            // Bearer is for the API; Git takes Basic alone.
            if (authorization is null || !authorization.StartsWith("Basic ", StringComparison.Ordinal))
            {
                return HttpStatusCode.Unauthorized;
            }

            var pair = Encoding.UTF8.GetString(Convert.FromBase64String(authorization[6..])).Split(':', 2);
            if (pair is not ["x-access-token", var value] || !_tokens.TryGetValue(value, out var token) || token.IsRevoked || token.ExpiresAt <= _time.GetUtcNow())
            {
                return HttpStatusCode.Unauthorized;
            }

            return !string.Equals(token.Repository, repository, StringComparison.OrdinalIgnoreCase) ? HttpStatusCode.NotFound
                : writes && token.Contents != "write" ? HttpStatusCode.Forbidden
                : HttpStatusCode.OK;
        }
    }

    public void Dispose() => _key.Dispose();

    public static GitHubReply Error(HttpStatusCode status, string message, params (string Name, string Value)[] headers) =>
        new(status, new JsonObject { ["message"] = message, ["documentation_url"] = "https://docs.github.com/rest", ["status"] = $"{(int)status}" }, headers);

    // "Getting started with the REST API", "API versions".
    private GitHubReply? CheckHeaders(GitHubRequest request)
    {
        Expect(request.Header("Accept") == "application/vnd.github+json", $"Accept is {request.Header("Accept") ?? "missing"}");
        Expect(request.Header("X-GitHub-Api-Version") is { } stated && s_supportedVersions.Contains(stated), "X-GitHub-Api-Version is none that is supported");
        Expect(request.Header("Cookie") is null, "a cookie was sent");
        Expect(request.Method != "POST" || request.Header("Content-Type") == "application/json", "the body's content type is not application/json");
        if (string.IsNullOrEmpty(request.Header("User-Agent")))
        {
            _departures.Add("no User-Agent");
            return Error(HttpStatusCode.Forbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.");
        }

        return request.Header("X-GitHub-Api-Version") is { } version && !s_supportedVersions.Contains(version)
            ? Error(HttpStatusCode.BadRequest, "API version is not supported.")
            : null;
    }

    // "Generating a JSON Web Token (JWT) for a GitHub App".
    private GitHubReply? CheckAssertion(GitHubRequest request)
    {
        if (request.Header("Authorization") is not { } value || !value.StartsWith("Bearer ", StringComparison.Ordinal) || value[7..].Split('.') is not [var header, var payload, var signature])
        {
            _departures.Add("no JWT as Bearer");
            return Error(HttpStatusCode.Unauthorized, "A JSON web token could not be decoded");
        }

        if (!_key.VerifyData(Encoding.ASCII.GetBytes($"{header}.{payload}"), Decode(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
        {
            return Error(HttpStatusCode.Unauthorized, "A JSON web token could not be decoded");
        }

        var head = JsonNode.Parse(Decode(header))!.AsObject();
        var claims = JsonNode.Parse(Decode(payload))!.AsObject();
        Expect((string?)head["alg"] == "RS256" && (string?)head["typ"] == "JWT" && head.Count == 2, $"the JWT's header is {head.ToJsonString()}");
        Expect(claims.Select(claim => claim.Key).Order().SequenceEqual(["exp", "iat", "iss"]), $"the JWT's claims are {claims.ToJsonString()}");
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        var (issuedAt, expiresAt) = ((long?)claims["iat"] ?? 0, (long?)claims["exp"] ?? 0);
        Expect(issuedAt <= now - 55 && issuedAt >= now - 120, "'iat' is not about a minute back");
        if (expiresAt > now + 600)
        {
            _departures.Add("'exp' is more than ten minutes ahead");
            return Error(HttpStatusCode.Unauthorized, "'Expiration time' claim ('exp') is too far in the future");
        }

        if (expiresAt <= now || issuedAt > now)
        {
            return Error(HttpStatusCode.Unauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires");
        }

        return (string?)claims["iss"] is ClientId or AppId ? null : Error(HttpStatusCode.NotFound, "Integration not found");
    }

    private GitHubReply Route(GitHubRequest request) => (request.Method, request.Path.Split('/')) switch
    {
        ("GET", ["", "repos", var owner, var name, "installation"]) => FindInstallation(owner, name),
        ("POST", ["", "app", "installations", var id, "access_tokens"]) => CreateToken(id, request.Body),
        _ => Depart($"{request.Method} {request.Path} is none of the documented requests"),
    };

    // "Get a repository installation for the authenticated app".
    private GitHubReply FindInstallation(string owner, string name) =>
        _installations.Values.FirstOrDefault(installation => installation.Has(owner, name)) is { } found
            ? new GitHubReply(HttpStatusCode.OK, new JsonObject
            {
                ["id"] = found.Id,
                ["account"] = new JsonObject { ["login"] = found.Owner, ["type"] = "Organization" },
                ["repository_selection"] = "selected",
                ["permissions"] = new JsonObject { ["contents"] = found.Contents, ["metadata"] = "read" },
            }, [])
            : Error(HttpStatusCode.NotFound, "Not Found");

    // "Create an installation access token for an app".
    private GitHubReply CreateToken(string id, byte[] body)
    {
        if (!long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || !_installations.TryGetValue(number, out var installation))
        {
            return Error(HttpStatusCode.NotFound, "Not Found");
        }

        var wanted = JsonNode.Parse(body)!.AsObject();
        var repositories = wanted["repositories"]?.AsArray().Select(name => (string?)name).ToList() ?? [];
        var permissions = wanted["permissions"]?.AsObject() ?? [];
        Expect(wanted.Select(member => member.Key).All(key => key is "repositories" or "permissions"), $"the body is {wanted.ToJsonString()}");
        Expect(repositories.Count == 1 && repositories[0]?.Contains('/') == false, "not one repository is asked for, by its name without its owner");
        Expect(permissions.All(permission => permission.Key is "contents" or "metadata" or "workflows"), $"these permissions are asked for: {permissions.ToJsonString()}");
        Expect((string?)permissions["metadata"] == "read", "metadata is not asked for to read");
        if (repositories is not [{ } name] || !installation.Has(installation.Owner, name))
        {
            return Error(HttpStatusCode.UnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.");
        }

        var contents = (string?)permissions["contents"];
        if (contents is not ("read" or "write") || (contents == "write" && installation.Contents != "write"))
        {
            return Error(HttpStatusCode.UnprocessableEntity, "The permissions requested are not granted to this installation.");
        }

        // The form of 2026: the prefix, the App's number, and a JWT; some 500 characters.
        var value = $"ghs_{AppId}_eyJ{Convert.ToHexString(RandomNumberGenerator.GetBytes(16))}.{Convert.ToHexString(RandomNumberGenerator.GetBytes(200))}.{Convert.ToHexString(RandomNumberGenerator.GetBytes(32))}";
        var token = new GitHubToken(value, $"{installation.Owner}/{name}", contents, _time.GetUtcNow() + TokenLifetime);
        _tokens.Add(value, token);
        return new GitHubReply(HttpStatusCode.Created, new JsonObject
        {
            ["token"] = value,
            ["expires_at"] = token.ExpiresAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["permissions"] = permissions.DeepClone(),
            ["repository_selection"] = "selected",
            ["repositories"] = new JsonArray(new JsonObject { ["id"] = 1296269, ["name"] = name, ["full_name"] = token.Repository, ["private"] = true }),
        }, []);
    }

    private GitHubReply Depart(string what)
    {
        _departures.Add(what);
        return Error(HttpStatusCode.NotFound, "Not Found");
    }

    private void Expect(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            _departures.Add(otherwise);
        }
    }

    private static byte[] Decode(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}

/// <summary>The App in one account.</summary>
public sealed record GitHubInstallation(long Id, string Owner, string Contents, HashSet<string> Repositories)
{
    public bool Has(string owner, string name) =>
        string.Equals(owner, Owner, StringComparison.OrdinalIgnoreCase) && Repositories.Contains(name, StringComparer.OrdinalIgnoreCase);
}

/// <summary>A token that was given.</summary>
public sealed record GitHubToken(string Value, string Repository, string Contents, DateTimeOffset ExpiresAt)
{
    public bool IsRevoked { get; set; }
}
