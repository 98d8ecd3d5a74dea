using System.Data.Common;
using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Portcullis.Audit;
using Portcullis.Authority.Keys;
using Portcullis.Authority.OAuth;
using Portcullis.Authority.Pages;
using Portcullis.Authority.Revocations;
using Portcullis.Authority.Storage;

namespace Portcullis.Authority;

/// <summary>One request to the authority, from its first header to the page or endpoint that answers it.</summary>
internal sealed partial class AuthorityRouter(AuthorityOptions options, KeyRing ring, SignInLimits limits, ILogger<AuthorityRouter> log)
{
    private const int MaxFormBytes = 64 * 1024;
    /// <summary>Addresses that are served as they stand.</summary>
    public static readonly string[] Addresses =
    [
        AuthorityPaths.OpenIdConfiguration, AuthorityPaths.ServerMetadata, AuthorityPaths.ResourceMetadata, AuthorityPaths.Jwks, AuthorityPaths.Revocations,
        AuthorityPaths.Login, AuthorityPaths.DevicePage, AuthorityPaths.Account, "/logout",
    ];

    /// <summary>Folders below which everything is served. Repositories can't have these names.</summary>
    public static readonly string[] Folders = ["/oauth/", "/login/", "/account/", "/assets/"];

    private static readonly string[] s_guessable = [AuthorityPaths.Token, AuthorityPaths.Introspect, AuthorityPaths.Revoke, AuthorityPaths.DeviceAuthorization];
    private static readonly Dictionary<string, (byte[] Content, string Type)> s_assets = new()
    {
        ["/assets/portcullis.css"] = (Asset("portcullis.css"), "text/css; charset=utf-8"),
        ["/assets/portcullis.js"] = (Asset("portcullis.js"), "text/javascript; charset=utf-8"),
        ["/assets/portcullis.svg"] = (Asset("portcullis.svg"), "image/svg+xml"),
    };

    private readonly Uri _public = new(options.PublicUrl, UriKind.Absolute);

    /// <summary>Whether anything was asked of the authority since the process began.</summary>
    public bool WasUsed { get; private set; }

    /// <summary>Whether a path is one of ours.</summary>
    public static bool Serves(string path)
    {
        // Asked of every request of the server: without an enumerator.
        foreach (var folder in Folders)
        {
            if (path.StartsWith(folder, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return Addresses.Contains(path);
    }

    public RequestDelegate Build(IApplicationBuilder builder)
    {
        // Our own Map calls come to here already: a second look at endpoints would find this one again.
        builder.Use(next => http => GuardAsync(http, next));
        builder.UseAuthentication();
        builder.Run(DispatchAsync);
        return builder.Build();
    }

    private static string? GiteaAddress(string path) => path switch
    {
        "/login/oauth/authorize" => AuthorityPaths.Authorize,
        "/login/oauth/access_token" => AuthorityPaths.Token,
        _ => null,
    };

    private static byte[] Asset(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("Portcullis.Authority.Pages.Assets." + name)
            ?? throw new InvalidOperationException($"The asset {name} is missing from the assembly.");
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return memory.ToArray();
    }

    private static async Task UnavailableAsync(HttpContext http, string reason)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return;
        }

        http.Response.Clear();
        http.Response.Headers.RetryAfter = "5";
        if (http.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase))
        {
            await PageWriter.WriteMessageAsync(http, "Not available just now", reason + " Try again in a moment.", StatusCodes.Status503ServiceUnavailable);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        await http.Response.WriteAsJsonAsync(new { error = "temporarily_unavailable", error_description = reason + " Try again in a moment." }, http.RequestAborted);
    }

    private async Task GuardAsync(HttpContext http, RequestDelegate next)
    {
        // Issuer, redirects and metadata are made from the configured address, never from what a client calls us.
        http.Request.Scheme = _public.Scheme;
        http.Request.Host = _public.IsDefaultPort ? new HostString(_public.IdnHost) : new HostString(_public.IdnHost, _public.Port);
        IHeaderDictionary headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        if (await AnswerPlainAsync(http))
        {
            return;
        }

        WasUsed = true;

        if (http.Request.ContentLength > MaxFormBytes)
        {
            http.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        if (http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
        {
            size.MaxRequestBodySize = MaxFormBytes;
        }

        if (options.GiteaCompatible && GiteaAddress(http.Request.Path.Value!) is { } ours)
        {
            http.Request.Path = ours;
        }

        if (await FindRepeatedAsync(http.Request) is { } repeated)
        {
            await RefuseRepeatedAsync(http, repeated);
            return;
        }

        var address = http.Connection.RemoteIpAddress?.ToString();
        var guessable = s_guessable.Contains(http.Request.Path.Value);
        if (guessable && limits.MustWait(address, null) is { } wait)
        {
            await TooManyAsync(http, wait);
            return;
        }

        try
        {
            if (guessable)
            {
                await WithConnectionAsync(http, next);
            }
            else
            {
                await next(http);
            }
        }
        catch (AuditUnavailableException exception)
        {
            // No audit, no access: what was about to be issued has not left.
            LogAuditAway(exception);
            await UnavailableAsync(http, "The audit log can't be written.");
            return;
        }
        catch (Exception exception) when (exception is DbException or DbUpdateException || exception.InnerException is DbException)
        {
            LogDatabaseAway(exception);
            await UnavailableAsync(http, "The database does not answer.");
            return;
        }

        if (guessable && http.GetOpenIddictServerResponse()?.Error is "invalid_client" or "invalid_grant" or "invalid_token")
        {
            limits.CountFailure(address, null);
        }
    }

    // Programs come here by the thousand, and each asks the database several times. EF opens a connection for each time, and SQLite's costs a hundred calls to open.
    private static async Task WithConnectionAsync(HttpContext http, RequestDelegate next)
    {
        DatabaseFacade database = http.RequestServices.GetRequiredService<AuthorityDbContext>().Database;
        await database.OpenConnectionAsync(http.RequestAborted);
        try
        {
            await next(http);
        }
        finally
        {
            await database.CloseConnectionAsync();
        }
    }

    // RFC 6749 §3.1 and §3.2: no parameter comes twice, or two parties could each read another one. RFC 8707 and RFC 8693 name those that may.
    private static async Task<string?> FindRepeatedAsync(HttpRequest request)
    {
        if (!request.Path.Value!.StartsWith("/oauth/", StringComparison.Ordinal))
        {
            return null;
        }

        IEnumerable<KeyValuePair<string, StringValues>> parameters = request.Query;
        if (request.HasFormContentType)
        {
            try
            {
                parameters = parameters.Concat(await request.ReadFormAsync(request.HttpContext.RequestAborted));
            }
            catch (InvalidDataException)
            {
                return "form";
            }
        }

        return parameters.Where(parameter => parameter.Value.Count > 1 && parameter.Key is not ("resource" or "audience")).Select(parameter => parameter.Key).FirstOrDefault();
    }

    private static async Task RefuseRepeatedAsync(HttpContext http, string name)
    {
        var text = name == "form" ? "The form can't be read." : $"{(name.Length <= 64 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? name : "A parameter")} comes more than once.";
        if (http.Request.Path == AuthorityPaths.Authorize)
        {
            await PageWriter.WriteMessageAsync(http, "This request can't be served", text + " Go back to the program that sent you here.", StatusCodes.Status400BadRequest);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status400BadRequest;
        await http.Response.WriteAsJsonAsync(new { error = "invalid_request", error_description = text }, http.RequestAborted);
    }

    private async Task<bool> AnswerPlainAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            return false;
        }

        ReadOnlyMemory<byte> content;
        string type;
        if (path == AuthorityPaths.Jwks)
        {
            // Verifiers know the next key long before it signs: a day ahead, by default.
            (content, type) = (ring.Jwks, "application/jwk-set+json");
            http.Response.Headers.CacheControl = "public, max-age=300";
            http.Response.Headers.AccessControlAllowOrigin = "*";
        }
        else if (path == AuthorityPaths.ResourceMetadata)
        {
            (content, type) = (ResourceMetadata(), "application/json");
            http.Response.Headers.CacheControl = "public, max-age=300";
            http.Response.Headers.AccessControlAllowOrigin = "*";
        }
        else if (s_assets.TryGetValue(path, out (byte[] Content, string Type) asset))
        {
            (content, type) = asset;
            http.Response.Headers.CacheControl = "public, max-age=3600";
        }
        else
        {
            return false;
        }

        http.Response.ContentType = type;
        http.Response.ContentLength = content.Length;
        if (HttpMethods.IsGet(http.Request.Method))
        {
            await http.Response.Body.WriteAsync(content, http.RequestAborted);
        }

        return true;
    }

    // RFC 9728 §2.
    private byte[] ResourceMetadata() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        resource = options.EffectiveAudience,
        authorization_servers = new[] { options.Issuer },
        jwks_uri = options.PublicUrl + AuthorityPaths.Jwks,
        bearer_methods_supported = new[] { "header" },
        authorization_details_types_supported = new[] { "git_repository" },
    });

    internal static void SetRetryAfter(HttpContext http, TimeSpan wait) =>
        http.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);

    internal static async Task TooManyAsync(HttpContext http, TimeSpan wait)
    {
        http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
        SetRetryAfter(http, wait);
        await http.Response.WriteAsJsonAsync(new { error = "slow_down", error_description = "Too many failed attempts from this address. Wait, then try again." }, http.RequestAborted);
    }

    private static Task DispatchAsync(HttpContext http)
    {
        IServiceProvider services = http.RequestServices;
        var path = http.Request.Path.Value!;
        var get = HttpMethods.IsGet(http.Request.Method);
        var post = HttpMethods.IsPost(http.Request.Method);
        if (!get && !post)
        {
            http.Response.Headers.Allow = "GET, POST";
            return PageWriter.WriteMessageAsync(http, "Not so", "This address takes GET and POST.", StatusCodes.Status405MethodNotAllowed);
        }

        return path switch
        {
            AuthorityPaths.Revocations when get => services.GetRequiredService<RevocationFeedEndpoint>().HandleAsync(http),
            AuthorityPaths.Authorize => services.GetRequiredService<AuthorizeEndpoint>().HandleAsync(http),
            AuthorityPaths.Token when post => services.GetRequiredService<TokenEndpoint>().HandleAsync(http),
            AuthorityPaths.UserInfo => services.GetRequiredService<UserInfoEndpoint>().HandleAsync(http),
            AuthorityPaths.DevicePage => services.GetRequiredService<DevicePage>().HandleAsync(http),
            _ when path == AuthorityPaths.Account || path.StartsWith("/account/", StringComparison.Ordinal) => services.GetRequiredService<AccountPages>().HandleAsync(http, path, get),
            _ when path is AuthorityPaths.Login or "/logout" || path.StartsWith("/login/", StringComparison.Ordinal) => services.GetRequiredService<SignInPages>().HandleAsync(http, path, get),
            _ => PageWriter.WriteMessageAsync(http, "Nothing here", "There is no page at this address.", StatusCodes.Status404NotFound),
        };
    }

    [LoggerMessage(LogLevel.Error, "The audit log can't be written: nobody signs in, and no token is issued.")]
    private partial void LogAuditAway(Exception exception);

    [LoggerMessage(LogLevel.Error, "The authority's database does not answer.")]
    private partial void LogDatabaseAway(Exception exception);
}
