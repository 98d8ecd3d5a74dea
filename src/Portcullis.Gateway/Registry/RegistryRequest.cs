using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Portcullis.Gateway.Registry;

/// <summary>A request for a registry's token, read once: what is asked for, and the credential where it came in a form.</summary>
internal sealed record RegistryRequest
{
    private const int MaxFormBytes = 32 * 1024;

    /// <summary>The registry.</summary>
    public required string Service { get; init; }

    /// <summary>What is asked for; nothing for a sign-in.</summary>
    public required IReadOnlyList<RegistryScope> Scopes { get; init; }

    /// <summary>The token in a form (docker's OAuth 2.0 variant); null: it is in the Authorization header, or nowhere.</summary>
    public string? FormToken { get; init; }

    /// <summary>Whether it is the OAuth 2.0 variant.</summary>
    public bool IsForm { get; init; }

    /// <summary>Reads a request; null with what is wrong.</summary>
    public static async ValueTask<(RegistryRequest? Request, string? Problem)> ReadAsync(HttpContext context)
    {
        if (!HttpMethods.IsPost(context.Request.Method))
        {
            var query = context.Request.Query;
            return Read(query["service"], query["scope"], null, isForm: false);
        }

        if (!context.Request.HasFormContentType || context.Request.ContentLength is null or > MaxFormBytes)
        {
            return (null, "A form of at most 32 KiB is sent as application/x-www-form-urlencoded.");
        }

        IFormCollection form;
        try
        {
            form = await context.Request.ReadFormAsync(context.RequestAborted);
        }
        catch (Exception exception) when (exception is BadHttpRequestException or InvalidDataException)
        {
            return (null, "The form can't be read.");
        }

        // docker sends the token as the password, or as the refresh token where it was kept as an identity token.
        var (name, problem) = form["grant_type"] switch
        {
            ["password"] => ("password", null),
            ["refresh_token"] => ("refresh_token", null),
            _ => ("", "grant_type is password or refresh_token."),
        };
        return problem is not null ? (null, problem)
            : form[name] is not [{ Length: > 0 } token] ? (null, $"The form has no {name}.")
            : Read(form["service"], form["scope"], token, isForm: true);
    }

    private static (RegistryRequest?, string?) Read(StringValues services, StringValues scopes, string? formToken, bool isForm)
    {
        if (services is not [{ Length: > 0 } service])
        {
            return (null, "The request names no service, or several.");
        }

        var texts = scopes.SelectMany(value => (value ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Take(RegistryScope.MaxScopes + 1).ToList();
        if (texts.Count > RegistryScope.MaxScopes)
        {
            return (null, $"At most {RegistryScope.MaxScopes} scopes are asked for at once.");
        }

        var read = new List<RegistryScope>();
        foreach (var text in texts)
        {
            if (!RegistryScope.TryParse(text, out var scope))
            {
                return (null, "A scope is written type:name:action,action, as in repository:acme/app:pull.");
            }

            read.Add(scope);
        }

        return (new RegistryRequest { Service = service, Scopes = read, FormToken = formToken, IsForm = isForm }, null);
    }
}
