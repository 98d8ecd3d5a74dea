using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Portcullis.Gateway.ForwardAuth;

/// <summary>Reads what the client asked for from where the configured proxy says it, once and strictly. Call it for trusted proxies alone.</summary>
internal sealed class OriginalRequestReader(ForwardAuthProxy proxy)
{
    /// <summary>The address that proxies ask.</summary>
    public const string Address = "/auth/check";

    // What a service may take for the method, whatever the request line says.
    private static readonly string[] s_overrides = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];

    /// <summary>
    /// Whether a request is a proxy's question. By the request line as it was sent: Envoy puts the client's path behind ours, and with the dots resolved <c>/auth/check/../../healthz</c> would be an
    /// address that everyone is answered 200 at, which Envoy would take for a yes.
    /// </summary>
    public static bool Serves(HttpContext context) => IsOurs(RawTarget(context).Split('?')[0]) || IsOurs(context.Request.Path.Value);

    /// <summary>Whether the client's request names another method in a header.</summary>
    public static bool OverridesMethod(HttpRequest request) => s_overrides.Any(request.Headers.ContainsKey);

    /// <summary>Reads a request of the proxy's.</summary>
    public bool TryRead(HttpContext context, [NotNullWhen(true)] out OriginalRequest? original, [NotNullWhen(false)] out string? problem)
    {
        original = null;
        var (method, host, target, missing) = proxy switch
        {
            ForwardAuthProxy.Nginx => FromHeaders(context, "X-Original-Method", "X-Original-Host", "X-Original-URI"),
            ForwardAuthProxy.Envoy => FromRequest(context),
            _ => FromHeaders(context, "X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-Uri"),
        };
        problem = missing;
        if (problem is not null)
        {
            return false;
        }

        if (method!.Length > 32 || !method.All(c => char.IsAsciiLetterUpper(c) || c == '-'))
        {
            problem = "its method is not written in capitals";
            return false;
        }

        if (!TryReadHost(host!, out var name))
        {
            problem = "its host is not one name, with or without a port";
            return false;
        }

        if (!OriginalPath.TryRead(target!, out var path, out problem))
        {
            return false;
        }

        original = new OriginalRequest(method, name, path, ClientOf(context.Request));
        return true;
    }

    private static (string?, string?, string?, string? Problem) FromHeaders(HttpContext context, string method, string host, string uri)
    {
        // A path of its own belongs to another convention.
        if (context.Request.Path.Value != Address)
        {
            return (null, null, null, $"this proxy asks {Address} and nothing below it");
        }

        foreach (var name in (string[])[method, host, uri])
        {
            // Twice: the proxy's and the client's, and nobody knows which is which.
            if (context.Request.Headers[name] is not [{ Length: > 0 }])
            {
                return (null, null, null, $"the proxy does not say it in exactly one {name} header");
            }
        }

        return (context.Request.Headers[method]!, context.Request.Headers[host]!, context.Request.Headers[uri]!, null);
    }

    private static (string?, string?, string?, string? Problem) FromRequest(HttpContext context)
    {
        var target = RawTarget(context);
        return target.StartsWith(Address + "/", StringComparison.Ordinal)
            ? (context.Request.Method, context.Request.Headers.Host.ToString(), target[Address.Length..], null)
            : (null, null, null, $"the proxy does not say it behind {Address}");
    }

    private static bool IsOurs(string? path) => path is not null && (path == Address || path.StartsWith(Address + "/", StringComparison.Ordinal));

    private static string RawTarget(HttpContext context) => context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";

    private static bool TryReadHost(string text, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (text.Length is 0 or > 300 || text.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_' or ':' or '[' or ']')))
        {
            return false;
        }

        var host = new HostString(text);
        var bare = host.Host;
        if (bare.Length == 0 || (text.Contains(':') && !text.StartsWith('[') && host.Port is null) || (bare.Contains(':') && !(bare.StartsWith('[') && bare.EndsWith(']'))))
        {
            return false;
        }

        // RFC 3986 §3.2.2: the last dot of a full name changes nothing.
        name = (bare.EndsWith('.') ? bare[..^1] : bare).ToLowerInvariant();
        return name.Length > 0 && !name.EndsWith('.');
    }

    // The last entry is the proxy's own; those before it are what the client says of itself.
    private static IPAddress? ClientOf(HttpRequest request)
    {
        var last = request.Headers["X-Forwarded-For"].ToString().Split(',')[^1].Trim();
        return IPAddress.TryParse(last, out var address) ? address : null;
    }
}
