using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Portcullis.AspNetCore.Credentials;
using Portcullis.AspNetCore.Permissions;
using Portcullis.Tokens;

namespace Portcullis.AspNetCore;

/// <summary>Authenticates a request by its token, and answers as RFC 6750 §3 wants it when there is none, a bad one, or one that opens too little.</summary>
internal sealed class PortcullisHandler(IOptionsMonitor<PortcullisTokenOptions> options, ILoggerFactory logger, UrlEncoder encoder, SchemeValidators validators)
    : AuthenticationHandler<PortcullisTokenOptions>(options, logger, encoder)
{
    private const string SubjectClaim = "sub";
    private const string RoleClaim = "roles";
    private Failure? _failure;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        CredentialResult credential = CredentialReader.Read(Context);
        if (credential.Problem is { } problem)
        {
            return Fail(new Failure(StatusCodes.Status400BadRequest, "invalid_request", problem));
        }

        if (credential.Token is null)
        {
            return AuthenticateResult.NoResult();
        }

        SchemeValidator validator = validators.Of(Scheme.Name);
        if (!await validator.KnowsRevocationsAsync(Context.RequestAborted))
        {
            return Fail(new Failure(StatusCodes.Status503ServiceUnavailable, null, "The token can't be checked now: what has been revoked can't be had from the authority. Try again in a minute."));
        }

        TokenResult result = await validator.Validator.ValidateAsync(credential.Token, new TokenContext(Thumbprint()), Context.RequestAborted);
        if (result.IsValid)
        {
            Context.Features.Set(result.Token);
            return AuthenticateResult.Success(new AuthenticationTicket(PrincipalOf(result.Token), Scheme.Name));
        }

        return Fail(result.Error == TokenError.KeysUnavailable
            ? new Failure(StatusCodes.Status503ServiceUnavailable, null, result.Description)
            : new Failure(StatusCodes.Status401Unauthorized, "invalid_token", result.Description));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Failure failure = _failure ?? new Failure(
            StatusCodes.Status401Unauthorized, null, $"This service is open to a signed token alone, and none came with the request. Tokens come from {Options.Authority}.");
        return RefuseAsync(failure, MissingPermissions.Of(Context));
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        var missing = MissingPermissions.Of(Context);
        var text = missing is null
            ? "The token does not open this."
            : $"The token does not open this: it needs {missing}. Ask {Options.Authority} for a token with that.";
        if (Context.GetPortcullisToken() is { Roles.Count: > 0 })
        {
            text += " The roles that it names count for nothing here: what they give is in the authority's policy.";
        }

        return RefuseAsync(new Failure(StatusCodes.Status403Forbidden, "insufficient_scope", text), missing);
    }

    private AuthenticateResult Fail(Failure failure)
    {
        _failure = failure;
        return AuthenticateResult.Fail(failure.Text);
    }

    private async Task RefuseAsync(Failure failure, string? scope)
    {
        Response.StatusCode = failure.Status;
        Response.Headers.CacheControl = "no-store";
        if (failure.Status == StatusCodes.Status503ServiceUnavailable)
        {
            Response.Headers.RetryAfter = "30";
        }
        else
        {
            var bearer = new StringBuilder($"Bearer realm=\"{Quote(Options.Realm)}\"");
            if (scope is not null)
            {
                bearer.Append($", scope=\"{Quote(scope)}\"");
            }

            if (failure.Error is not null)
            {
                bearer.Append($", error=\"{failure.Error}\", error_description=\"{Quote(failure.Text)}\"");
            }

            Response.Headers.WWWAuthenticate = Options.ChallengeBasic && failure.Status == StatusCodes.Status401Unauthorized
                ? new[] { $"Basic realm=\"{Quote(Options.Realm)}\"", bearer.ToString() }
                : bearer.ToString();
        }

        Response.ContentType = "text/plain; charset=utf-8";
        if (!HttpMethods.IsHead(Request.Method))
        {
            await Response.WriteAsync(failure.Text + "\n", Context.RequestAborted);
        }
    }

    private ClaimsPrincipal PrincipalOf(ValidatedToken token)
    {
        var claims = new List<Claim>
        {
            new(SubjectClaim, token.Subject, ClaimValueTypes.String, token.Issuer),
            new("jti", token.TokenId, ClaimValueTypes.String, token.Issuer),
        };
        Add("client_id", token.ClientId is null ? [] : [token.ClientId]);
        Add("sid", token.SessionId is null ? [] : [token.SessionId]);
        Add("scope", (token.Scope ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Add(RoleClaim, token.Roles);
        Add("groups", token.Groups);
        Add("act", token.Actors.Select(actor => actor.Subject));
        return new ClaimsPrincipal(new ClaimsIdentity(claims, Scheme.Name, SubjectClaim, RoleClaim));

        void Add(string name, IEnumerable<string> values) => claims.AddRange(values.Select(value => new Claim(name, value, ClaimValueTypes.String, token.Issuer)));
    }

    // RFC 8705 §3.1: the certificate of the connection itself; no header can stand in for it.
    private string? Thumbprint() => Context.Connection.ClientCertificate is { } certificate
        ? WebEncoders.Base64UrlEncode(SHA256.HashData(certificate.RawData))
        : null;

    // RFC 6750 §3: no quotation mark, no backslash, nothing outside printable ASCII.
    private static string Quote(string value) => string.Create(value.Length, value, static (span, text) =>
    {
        for (var i = 0; i < text.Length; i++)
        {
            span[i] = text[i] is '"' or '\\' ? '\'' : text[i] is < ' ' or > '~' ? '?' : text[i];
        }
    });

    private sealed record Failure(int Status, string? Error, string Text);
}
